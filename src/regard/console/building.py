"""The console of a server, with everything that its pages need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from regard.api.answer import ServedApi
from regard.console.alert_feed import AlertFeed
from regard.console.application import Console
from regard.console.pages.alerts import alert_pages
from regard.console.pages.films import film_pages
from regard.console.pages.job_progress import progress_pages
from regard.console.routes import PAGES, PUBLIC_PAGES
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.chosen import chosen_provider
from regard.console.signin.places import PasskeyPlaces
from regard.console.signin.routes import sign_in_pages
from regard.console.visit import Apis
from regard.gate import Gate
from regard.governance.public_reads import PublicReads
from regard.jobs.films import JobFilms
from regard.jobs.records import Job
from regard.settings import Settings
from regard.storage.encryption import Cipher
from regard.stores import Stores
from regard.vision.findings import Pictures
from regard.vision.models import Models


def build_console(
    settings: Settings,
    stores: Stores,
    gate: Gate,
    public_reads: PublicReads,
    models: Models,
    apis: Mapping[str, ServedApi],
    alerts: AlertFeed,
    places: PasskeyPlaces,
) -> Console:
    """Every page, those of sign-in and of alerts among them. Passkeys are good at `places`."""
    doors = SignInDoors.of(
        stores.database,
        Cipher(settings.keys, stores.database),
        stores.audit,
        stores.accountability,
        gate,
        public_reads,
        places=places,
        provider=chosen_provider(settings),
    )
    films = job_films(settings, stores)
    shared = Apis(apis, pictures=lambda: Pictures(models))
    pages = (
        *PAGES,
        *alert_pages(alerts, doors.sessions.is_open),
        *progress_pages(films.progress),
        *film_pages(films, doors.sessions.is_open),
        *sign_in_pages(doors),
    )
    return Console(pages, shared, doors.sessions, settings)


def job_films(settings: Settings, stores: Stores) -> JobFilms:
    """The films of jobs. What a void authorization has found is erased, and its film is not shown."""
    grants = stores.accountability.grants

    def may_show(job: Job) -> None:
        if job.authorization_id is not None:
            grants.check_readable(job.authorization_id)

    return JobFilms(
        stores.jobs, stores.objects, Cipher(settings.keys), limit=settings.video_bytes, may_show=may_show
    )


def build_public_pages(
    settings: Settings, apis: Mapping[str, ServedApi], middleware: Sequence[Middleware] = ()
) -> Starlette:
    """The public pages as an application of their own, in which there is nothing else to reach, within
    `middleware`.
    """
    console = Console(PUBLIC_PAGES, Apis(apis), None, settings, home="/notice")

    def begin(_: Request) -> Response:
        return RedirectResponse("/notice", status_code=303)

    return Starlette(routes=[Route("/", begin), *console.routes()], middleware=middleware)
