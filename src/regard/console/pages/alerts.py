"""`/console/alerts`: what cameras saw, the newest first, as it comes; and what of it was seen before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Final

from regard.console.alert_feed import AlertFeed
from regard.console.page import EventStream, Page, PageAnswer, PageView, Redirect
from regard.console.pages.cameras import EVENT_WORDS, WATCHERS
from regard.console.visit import PageVisit

SEEN_COOKIE: Final = "regard-seen"
_LONGEST: Final = 18  # digits of a number


def alert_pages(feed: AlertFeed, is_open: Callable[[str], bool]) -> Sequence[Page]:
    """The pages about alerts; `is_open` tells by its token whether a session still is."""

    def show(visit: PageVisit) -> PageAnswer:
        newest, seen = feed.newest(), _number(_cookie(visit)) or 0
        after = _number(visit.query.get("after")) if visit.is_partial else None
        answer = visit.call("list_alerts", After=after)
        values = {
            "lines": [(alert, alert["Number"] > seen) for alert in answer["Alerts"]],
            "fresh": sum(one.number > seen for one in newest),
            "newest": max((*(one.number for one in newest), *(one["Number"] for one in answer["Alerts"]), 0)),
            "is_renewal": visit.is_partial,
            **EVENT_WORDS,
        }
        data = visit.written("list_alerts", answer)
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
        Page(path="/console/alerts/stream", show=stream, roles=WATCHERS, is_part=True),
    )


def _see(visit: PageVisit) -> PageAnswer:
    newest = _number(visit.form.get("newest"))
    return Redirect("/console/alerts", {SEEN_COOKIE: str(newest or 0)})


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
