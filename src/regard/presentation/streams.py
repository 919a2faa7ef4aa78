"""Stream processors and what they saw, as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from regard.presentation.tables import Table, broken, whole

_JUDGED_NOW: Final = ("PENDING", "RATED_1", "RATED_2", "RATED_3", "RATED_4")


def streams_table(streams: Sequence[Mapping[str, Any]]) -> Table:
    """A row a processor: its name, what it finds and where, how it stands."""
    rows = [
        (
            stream["Name"],
            _found(stream),
            stream.get("Place", stream.get("CameraId", "–")),
            stream["Status"],
            _false_alerts(stream.get("FalseAlerts", {})),
            stream.get("StatusMessage", "–"),
        )
        for stream in streams
    ]
    flagged = frozenset(n for n, stream in enumerate(streams) if stream["Status"] == "FAILED")
    headers = [
        *whole("Name"),
        *broken("Finds", "Place"),
        *whole("Status"),
        *broken("False alerts a day", "Message"),
    ]
    return Table(headers, rows, flagged)


def stream_sentences(stream: Mapping[str, Any]) -> Iterator[str]:
    """How a processor stands, its camera, its source and its newest session."""
    yield f"{stream['Name']} is {stream['Status']}; it finds {_found(stream)}."
    if "StatusMessage" in stream:
        yield stream["StatusMessage"]
    place = f", {stream['Place']}" if "Place" in stream else ""
    camera, rate = stream.get("CameraId", "–"), f"{stream['Rate']:g} samples a second"
    yield f"Camera {camera}{place}: {stream['Source']}, {rate}."
    source = stream.get("SourceState")
    if source is not None:
        newest = f", the newest picture at {_when(source['LastPicture'])}" if "LastPicture" in source else ""
        yield f"The source is {source['State']}{newest}."
    if "Started" in stream:
        threshold = f", matches from {stream['MatchThreshold']:g} %" if "MatchThreshold" in stream else ""
        yield f"Started {_when(stream['Started'])} for the purpose {stream['Purpose']}{threshold}."
    if "AuthorizationId" in stream:
        until = f", until {_when(stream['AuthorizedUntil'])}" if "AuthorizedUntil" in stream else ""
        yield f"Under {stream['AuthorizationId']} of the case {stream.get('CaseId', '–')}{until}."
    yield from false_alert_sentences(stream.get("FalseAlerts", {}))


def false_alert_sentences(facts: Mapping[str, Any]) -> Iterator[str]:
    """How many false alerts are to be expected, and how many alerts there were; nothing of no search."""
    if "Unknown" in facts:
        yield f"How many false alerts are to be expected is not known: {facts['Unknown']}"
    if "PerPasser" in facts:
        of, one = facts["PerPasser"], f"{facts['Faces']:,} face" + "s" * (facts["Faces"] != 1)
        yield (
            f"Of a million passers-by whose faces are none of the {one} searched, {_million(of['Value'])} "
            f"raise a false alert ({_million(of['Low'])} to {_million(of['High'])})."
        )
    if "PassersADay" in facts:
        said = f"{facts['PassersADay']:,.0f} faces a day pass"
        if "ExpectedADay" in facts:
            few = facts["ExpectedADay"]
            said += f", so that {_few(few['Value'])} false alerts a day are to be expected "
            said += f"({_few(few['Low'])} to {_few(few['High'])})"
        yield f"{said}."
    if "Alerts" in facts:
        alerts = "1 alert" if facts["Alerts"] == 1 else f"{facts['Alerts']} alerts"
        yield f"Kept of the last day: {alerts}."


def _false_alerts(facts: Mapping[str, Any]) -> str:
    """The same in a cell of a table."""
    if not facts:
        return "–"
    expected = facts.get("ExpectedADay")
    said = "not known" if expected is None else f"{_few(expected['Value'])} expected"
    return f"{said}; {facts['Alerts']} alerts"


def _million(probability: float) -> str:
    return _few(1e6 * probability)


def _few(number: float) -> str:
    """A number with two digits that tell something."""
    return f"{number:,.0f}" if number >= 10 or number == 0 else f"{number:.2g}"


def events_table(events: Sequence[Mapping[str, Any]]) -> Table:
    """A row an event: when, what, whom or what it shows, and until when it is kept."""
    rows = [
        (_when(event["At"]), event["Kind"], _shown(event), f"{event['Expires']:%Y-%m-%d}") for event in events
    ]
    return Table([*whole("When", "Kind"), *broken("Seen"), *whole("Kept until")], rows)


def _found(stream: Mapping[str, Any]) -> str:
    if stream["Kind"] == "FACE_SEARCH":
        return f"faces of {stream['CollectionId']}"
    return ", ".join(stream.get("Labels", ()))


def _shown(event: Mapping[str, Any]) -> str:
    if "ReviewId" in event:
        return _reviewed(event)
    if "MatchedFaces" in event:
        return ", ".join(f"{_name(one)} {one['Similarity']:.1f} %" for one in event["MatchedFaces"])
    if "Labels" in event:
        return ", ".join(one["Name"] for one in event["Labels"])
    return str(event.get("Message", "–"))


def _reviewed(event: Mapping[str, Any]) -> str:
    """What the review of an alert has come to."""
    review, status = event["ReviewId"], event.get("ReviewStatus")
    if "MatchedFaces" in event:
        leads = ", ".join(f"{_name(one)} {one['Similarity']:.1f} %" for one in event["MatchedFaces"])
        return f"{leads}: a lead of {review}"
    if status in (None, *_JUDGED_NOW):
        return f"people judge it in {review}"
    return f"{review} is {status}"


def _name(match: Mapping[str, Any]) -> str:
    return str(match.get("UserId", match.get("ExternalImageId", match["FaceId"])))


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
