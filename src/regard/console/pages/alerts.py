"""`/console/alerts`: what cameras saw, the newest first, as it comes; and what of it was seen before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from regard.console.alert_feed import AlertFeed, NewAlert
from regard.console.page import EventStream, Page, PageAnswer, PageView, Redirect
from regard.console.pages.cameras import EVENT_WORDS, WATCHERS
from regard.console.visit import PageVisit
from regard.errors import AccessDeniedException, ResourceNotFoundException

SEEN_COOKIE: Final = "regard-seen"
_EVENTS: Final = 100
_LONGEST: Final = 18  # digits of a number


def alert_pages(feed: AlertFeed, is_open: Callable[[str], bool]) -> Sequence[Page]:
    """The pages about alerts; `is_open` tells by its token whether a session still is."""

    def show(visit: PageVisit) -> PageAnswer:
        newest = feed.newest()
        seen = _number(_cookie(visit))
        lines = [(alert, event, alert.number > (seen or 0)) for alert, event in _events(visit, newest)]
        values = {
            "lines": lines,
            "fresh": sum(is_new for _, _, is_new in lines),
            "newest": max((one.number for one in newest), default=0),
            **EVENT_WORDS,
        }
        data = {"Alerts": [{"Number": alert.number, "Camera": alert.camera} for alert, _, _ in lines]}
        return PageView("alerts_list.html" if visit.is_partial else "alerts.html", values, data)

    def stream(visit: PageVisit) -> PageAnswer:
        since = _number(visit.headers.get("last-event-id")) or _number(visit.query.get("since"))
        return EventStream(partial(feed.frames, since, partial(is_open, visit.token or "")))

    return (
        Page(
            path="/console/alerts",
            show=show,
            acts={"seen": _see},
            roles=WATCHERS,
            title="Live alerts",
            menu=True,
        ),
        Page(path="/console/alerts/stream", show=stream, roles=WATCHERS),
    )


def _see(visit: PageVisit) -> PageAnswer:
    newest = _number(visit.form.get("newest"))
    return Redirect("/console/alerts", {SEEN_COOKIE: str(newest or 0)})


def _events(visit: PageVisit, newest: Sequence[NewAlert]) -> list[tuple[NewAlert, Mapping[str, Any] | None]]:
    """Each alert with its event, as the person may read it; None for one that is told on a case alone."""
    told: dict[str, Mapping[str, Any] | None] = {}
    for camera in dict.fromkeys(one.camera for one in newest):
        ids = [one.event_id for one in newest if one.camera == camera]
        try:
            found = visit.call("list_stream_events", Name=camera, MaxResults=_EVENTS)["Events"]
        except ResourceNotFoundException:  # its time was over just now
            continue
        except AccessDeniedException:
            told |= dict.fromkeys(ids)
            continue
        told |= {one["EventId"]: one for one in found}
    return [(one, told[one.event_id]) for one in newest if one.event_id in told]


def _cookie(visit: PageVisit) -> str | None:
    try:
        found = SimpleCookie(visit.headers.get("cookie", "")).get(SEEN_COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > _LONGEST:
        return None
    return int(text)
