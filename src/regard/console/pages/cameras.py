"""`/console/cameras`: how cameras stand and what they saw; one of them is watched, started and stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.visit import PageVisit
from regard.console.wording import (
    AUTHORIZATION_STATES,
    REVIEW_STATES,
    SOURCE_STATES,
    STREAM_EVENTS,
    STREAM_STATES,
)
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException

WATCHERS: Final = frozenset({"operator", "investigator"})
_SHOWN: Final = 50
_READ: Final = 1000
_EVENTS: Final = 20
_MAX_SECONDS: Final = 120
_IN_FORCE: Final = ("APPROVED", "ACTIVE", "EXIGENT", "AWAITING")


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_streams", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
    values = {
        "streams": answer["Streams"],
        "next_token": answer.get("NextToken"),
        "posted": {one["CameraId"] for one in _notices(visit) if one["Version"]},
        "states": STREAM_STATES,
    }
    return PageView("cameras.html", values, visit.written("list_streams", answer))


def _notices(visit: PageVisit) -> Iterator[Mapping[str, Any]]:
    token: str | None = None
    while True:
        answer = visit.ask("list_notices", MaxResults=_READ, NextToken=token)
        yield from answer["Notices"]
        token = answer.get("NextToken")
        if token is None:
            return


def _show(visit: PageVisit) -> PageAnswer:
    name = visit.path["name"]
    answer = visit.call("get_stream", Name=name)
    stream = answer["Stream"]
    camera = stream.get("CameraId")
    is_investigator = visit.has_role("investigator")
    values = {
        "stream": stream,
        **_seen(visit, stream),
        "notice": next((one for one in _notices(visit) if one["CameraId"] == camera), None),
        "grants": _grants(visit, camera) if is_investigator else [],
        "cases": _open_cases(visit) if is_investigator else [],
        "states": STREAM_STATES,
        "sources": SOURCE_STATES,
        **EVENT_WORDS,
        "grant_states": AUTHORIZATION_STATES,
    }
    return PageView("camera.html", values, visit.written("get_stream", answer))


def _seen(visit: PageVisit, stream: Mapping[str, Any]) -> dict[str, Any]:
    """What the camera saw, or why that is not told. A strict purpose asks on which case it is read."""
    case = visit.query.get("case") or stream.get("CaseId")
    token = visit.query.get("token")
    values: dict[str, Any] = {"case": case or "", "events": (), "next_token": None, "withheld": None}
    try:
        seen = visit.call(
            "list_stream_events", case=case, Name=stream["Name"], MaxResults=_EVENTS, NextToken=token
        )
    except AccessDeniedException as error:
        return {**values, "withheld": error.message}
    return {**values, "events": seen["Events"], "next_token": seen.get("NextToken")}


EVENT_WORDS: Final = {"kinds": STREAM_EVENTS, "review_states": REVIEW_STATES}
"""What lines about events take."""


def _grants(visit: PageVisit, camera: str | None) -> list[Mapping[str, Any]]:
    """The authorizations of one's own cases that cover the camera now or later."""
    found = visit.every("list_authorizations", "Authorizations")
    return [one for one in found if camera in one["Cameras"] and one["State"] in _IN_FORCE]


def _open_cases(visit: PageVisit) -> list[Mapping[str, Any]]:
    return [one for one in visit.every("list_cases", "Cases") if "Closed" not in one]


def _start(visit: PageVisit) -> PageAnswer:
    name, seconds = visit.path["name"], visit.form.get("seconds")
    stop = None
    if seconds:
        if not seconds.isdecimal() or len(seconds) > _LONGEST or not 1 <= int(seconds) <= _MAX_SECONDS:
            raise InvalidParameterException(visit.say("Say a whole number of seconds from 1 to 120."))
        stop = {"MaxDurationInSeconds": int(seconds)}
    case = visit.form.get("case") or None
    visit.call("start_stream_processor", case=case, Name=name, StopSelector=stop)
    return Redirect(visit.address)


def _stop(visit: PageVisit) -> PageAnswer:
    visit.call("stop_stream_processor", Name=visit.path["name"])
    return Redirect(visit.address)


def _still(visit: PageVisit) -> PageAnswer:
    answer = visit.call("get_stream_still", Name=visit.path["name"])
    arrived = {"X-Arrived": answer["Arrived"].isoformat(timespec="seconds")}
    return RawContent(answer["Picture"], "image/jpeg", headers=arrived)


def _picture(visit: PageVisit) -> PageAnswer:
    path = visit.path
    if path["picture"] not in ("frame", "crop"):
        raise ResourceNotFoundException(visit.say("There is no such picture."))
    answer = visit.call(
        "get_stream_event_picture", Name=path["name"], EventId=path["event"], Picture=path["picture"]
    )
    return RawContent(answer["Picture"], "image/jpeg")


_LONGEST: Final = 4  # digits of seconds
_CAMERA: Final = "/console/cameras/{name}"

PAGES: Final[Sequence[Page]] = (
    Page(path="/console/cameras", show=_list, roles=WATCHERS, title="Cameras", menu=True),
    Page(path=_CAMERA, show=_show, acts={"start": _start, "stop": _stop}, roles=WATCHERS),
    Page(path=_CAMERA + "/still", show=_still, roles=WATCHERS, is_part=True),
    Page(path=_CAMERA + "/events/{event}/{picture}", show=_picture, roles=WATCHERS, is_part=True),
)
