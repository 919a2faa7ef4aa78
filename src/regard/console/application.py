"""From a request to a page: who comes, may they, what they sent, what they get.

Whatever a page raises becomes a page with its sentence; nothing of a fault inside is shown.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from regard.api.request_body import RequestBody
from regard.api.request_queue import RequestQueue
from regard.caller import NOBODY
from regard.console.assets import asset_routes
from regard.console.cookies import LANGUAGE_COOKIE, is_loopback, session_cookie
from regard.console.forms import read_form
from regard.console.languages import LANGUAGES, choose_language, texts_of
from regard.console.origin import check_origin
from regard.console.page import (
    EventStream,
    Page,
    PageAnswer,
    PageView,
    RangedContent,
    RawContent,
    Redirect,
)
from regard.console.page_lanes import PageLane, PageLanes
from regard.console.ranges import ranged_response
from regard.console.rendering import render
from regard.console.security import PAGE_HEADERS, PICTURE_PAGE_HEADERS
from regard.console.signin.sessions import BrowserSessions, SignedIn
from regard.console.visit import Apis, PageVisit
from regard.console.well_formed import check_host, check_texts
from regard.errors import (
    AccessDeniedException,
    ConflictException,
    InternalServerError,
    ResourceNotFoundException,
    ServiceError,
    ThrottlingException,
)
from regard.governance.address_limit import AddressLimit, network_of
from regard.governance.presence import Presence, StaleVerificationException, check_presence
from regard.settings import Settings

SIGN_IN: Final = "/console/sign-in"
VERIFY: Final = "/console/verify"

_FORMS: Final = 64  # that come at once from who is signed in
_STRANGERS_FORMS: Final = 256  # and from strangers, who keep no place from the former
_DOOR_REQUESTS: Final = 60  # a minute of an address, for the pages where people come in
_SERVER_REQUESTS: Final = 600  # a minute of a server: it may have a whole office to sign out
_YEAR: Final = 31_536_000  # seconds
_STATUS: Final[Mapping[type[ServiceError], int]] = {
    AccessDeniedException: 403,
    ResourceNotFoundException: 404,
    ConflictException: 409,
    ThrottlingException: 429,
}
_UNPROCESSABLE: Final = 422  # what else a form's sender can mend

log: Any = structlog.get_logger(__name__)


class Console:
    """The console of one server."""

    def __init__(
        self,
        pages: Sequence[Page],
        apis: Apis,
        sessions: BrowserSessions | None,
        settings: Settings,
        *,
        home: str = "/console",
    ) -> None:
        """Without `sessions` nobody is signed in, whatever their browser sends."""
        self._pages = pages
        self._apis = apis
        self._sessions = sessions
        self._picture_bytes = settings.image_bytes
        self._public_url, self._home = settings.public_url, home
        self._limit = AddressLimit(settings.public_requests)
        self._door_limit = AddressLimit(max(_DOOR_REQUESTS, settings.public_requests))
        self._server_limit = AddressLimit(max(_SERVER_REQUESTS, settings.public_requests))
        self._lanes = PageLanes()
        self._forms, self._strangers_forms = RequestQueue(_FORMS), RequestQueue(_STRANGERS_FORMS)

    def routes(self) -> list[Route]:
        """Every page, and the files that pages fetch."""
        packed = [Middleware(GZipMiddleware, minimum_size=500)]
        return [
            *asset_routes(),
            *(
                Route(
                    page.path,
                    _Served(self, page),
                    methods=["GET", "POST"],
                    middleware=[] if page.lane is PageLane.OBJECTS else packed,  # films are packed
                )
                for page in self._pages
            ),
        ]

    async def answer(self, page: Page, request: Request) -> Response:
        """The answer to any request for a page; nothing is raised."""
        body = RequestBody(request.receive, request.headers)
        response = await self._answer(page, request, body)
        if request.method == "POST" and not body.complete:  # who still sends reads no answer
            try:
                await body.drain()
            except ClientDisconnect:
                return Response(status_code=499)
            response.headers["connection"] = "close"
        return response

    async def _answer(self, page: Page, request: Request, body: RequestBody) -> Response:
        visit = self._stranger(request)
        try:
            visit = await self._arrive(page, request, visit, body)
            answered = await self._run(page, request, visit)
        except StaleVerificationException as error:
            answered = Redirect(f"{VERIFY}?next={quote(_address(request), safe='')}")
            if visit.is_program:
                answered = _refused(error, visit)
        except _SignedOut:
            answered = Redirect(f"{SIGN_IN}?next={quote(_address(request), safe='')}")
            if visit.is_program:
                answered = _refused(AccessDeniedException("Sign in first."), visit, status=401)
        except ServiceError as error:
            answered = _refused(error, visit)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            request_id = str(uuid.uuid4())
            log.exception("a page failed", request_id=request_id, page=page.path)
            answered = _refused(InternalServerError(), visit, status=500)
        try:
            return self._response(answered, request, visit)
        except Exception:
            log.exception("a page could not be shown", page=page.path)
            return self._response(_refused(InternalServerError(), visit, status=500), request, visit)

    def _stranger(self, request: Request) -> PageVisit:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        language = choose_language(chosen, request.headers.get("accept-language", ""))
        address = request.client.host if request.client else ""
        stranger = replace(NOBODY, address=network_of(address))
        return PageVisit(
            pictures=self._apis.shared_pictures(),
            caller=stranger,
            stranger=stranger,
            apis=self._apis,
            texts=texts_of(language),
            address=_path(request),
            root=self._public_url or f"{request.scope['scheme']}://{request.headers.get('host', '')}",
            home=self._home,
            scheme=request.scope["scheme"],
            host=request.headers.get("host", ""),
            path={name: str(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            headers=request.headers,
            cookies=request.cookies,
            is_partial=request.headers.get("hx-request") == "true",
        )

    async def _arrive(self, page: Page, request: Request, visit: PageVisit, body: RequestBody) -> PageVisit:
        """The visit with who comes and what they sent. Raises ServiceError where they may not."""
        check_host(visit.host)
        check_texts((*visit.path.values(), *visit.query.keys(), *visit.query.values()))
        cookie = session_cookie(visit.scheme, visit.host)
        token = None if self._sessions is None else request.cookies.get(cookie)
        by_person = request.method == "POST" or not (visit.is_partial or page.is_part)  # or a page by itself
        if page.is_for_servers:
            token = None
        signed_in = (
            None if token is None else await self._lanes.run(PageLane.QUICK, self._find, token, by_person)
        )
        if signed_in is not None:
            is_chosen = request.cookies.get(LANGUAGE_COOKIE) in LANGUAGES  # in this browser, just now perhaps
            kept = signed_in.language
            texts = visit.texts if is_chosen or kept is None else texts_of(kept)
            visit = replace(visit, caller=signed_in.caller, token=token, signed_in=signed_in, texts=texts)
        elif page.roles is None:
            limit = self._door_limit if page.is_door else self._limit
            limit = self._server_limit if page.is_for_servers else limit
            limit.admit(request.client.host if request.client else "")
        if page.roles is not None:
            if signed_in is None:
                raise _SignedOut
            if not page.is_for(visit.caller.roles):
                raise AccessDeniedException(visit.say("This page is for other roles than yours."))
        if request.method == "POST":
            if not page.is_for_servers:
                check_origin(request.headers, visit.host)
            room = self._picture_bytes if page.takes_pictures else 0
            leave = (self._strangers_forms if signed_in is None else self._forms).take()
            try:
                visit = replace(visit, form=await read_form(request, body, picture_bytes=room))
            finally:
                leave()
        return visit

    def _find(self, token: str, by_person: bool) -> SignedIn | None:
        return None if self._sessions is None else self._sessions.find(token, by_person=by_person)

    async def _run(self, page: Page, request: Request, visit: PageVisit) -> PageAnswer:
        answering, lane = page.show, page.lane
        if request.method == "POST":
            act = visit.form.get("act") or visit.query.get("act", "")
            found = page.acts.get(act)
            if found is None:
                raise ResourceNotFoundException(visit.say("This page has no such act."))
            if act in page.guarded:
                check_presence(Presence.VERIFIED, visit.caller)
            answering, lane = found, PageLane.SLOW if page.takes_pictures else page.act_lanes.get(act, lane)
        return await self._lanes.run(lane, answering, visit)

    def _response(self, answered: PageAnswer, request: Request, visit: PageVisit) -> Response:
        if isinstance(answered, Redirect):
            if visit.is_partial:  # a fragment can't become another page: the browser is sent there
                response = Response(status_code=200, headers={"HX-Redirect": answered.to})
            else:
                response = RedirectResponse(answered.to, status_code=303)
        elif isinstance(answered, RawContent):
            headers = dict(answered.headers)
            if answered.file_name is not None:
                headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(answered.file_name)}"
            response = Response(answered.content, answered.status, headers, answered.media_type)
        elif isinstance(answered, RangedContent):
            response = ranged_response(answered, request.method, request.headers)
        elif isinstance(answered, EventStream):
            response = StreamingResponse(answered.events(), media_type="text/event-stream")
        elif visit.is_program:
            body = json.dumps(answered.data, default=_written, separators=(",", ":"))
            response = Response(body, answered.status, media_type="application/json")
        else:
            response = HTMLResponse(render(answered, visit, self._pages), answered.status)
        if isinstance(answered, Redirect | PageView):
            for name, cookie in answered.cookies.items():
                _set_cookie(response, name, cookie, visit)
        has_pictures = isinstance(answered, PageView) and answered.has_pictures_within
        for name, value in (PICTURE_PAGE_HEADERS if has_pictures else PAGE_HEADERS).items():
            response.headers.setdefault(name, value)
        return response


class _Served:
    """A page as Starlette serves it."""

    def __init__(self, console: Console, page: Page) -> None:
        self._console = console
        self._page = page

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        response = await self._console.answer(self._page, request)
        await response(scope, receive, send)


class _SignedOut(Exception):
    """Nobody is signed in."""


def _refused(error: ServiceError, visit: PageVisit, *, status: int | None = None) -> PageView:
    if status is None:
        found = (code for kind, code in _STATUS.items() if isinstance(error, kind))
        status = next(found, error.status if error.status != 400 else _UNPROCESSABLE)
    said = visit.refusal(error)
    return PageView(
        "error.html", {"message": said, "status": status}, {"__type": error.code, "message": said}, status
    )


def _address(request: Request) -> str:
    """Where to come back to: the page, and for a form the page that it stands on."""
    query = request.scope["query_string"].decode("latin-1")
    return _path(request) + (f"?{query}" if query else "")


def _path(request: Request) -> str:
    """A page's own path, as a URL has it."""
    return quote(request.scope["path"], safe="/!$&'()*+,;=:@~", errors="replace")


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} has no place in a page's data.")


def _set_cookie(response: Response, name: str, value: str | None, visit: PageVisit) -> None:
    # What a language is needs no secrecy, and must last where pages are public and plain.
    is_secure = name != LANGUAGE_COOKIE and not is_loopback(visit.scheme, visit.host)
    if value is None:
        response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")
        return
    kept = _YEAR if name == LANGUAGE_COOKIE else None  # a session's goes with the browser
    response.set_cookie(name, value, max_age=kept, path="/", secure=is_secure, httponly=True, samesite="lax")
