"""Stream processors and what they saw, as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from regard.presentation.tables import Table, broken, whole


def streams_table(streams: Sequence[Mapping[str, Any]]) -> Table:
    """A row a processor: its name, what it finds and where, how it stands."""
    rows = [
        (
            stream["Name"],
            _found(stream),
            stream.get("Place", stream.get("CameraId", "–")),
            stream["Status"],
            stream.get("StatusMessage", "–"),
        )
        for stream in streams
    ]
    flagged = frozenset(n for n, stream in enumerate(streams) if stream["Status"] == "FAILED")
    headers = [*whole("Name"), *broken("Finds", "Place"), *whole("Status"), *broken("Message")]
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
        return f"people judge it in {event['ReviewId']}"
    if "MatchedFaces" in event:
        return ", ".join(f"{_name(one)} {one['Similarity']:.1f} %" for one in event["MatchedFaces"])
    if "Labels" in event:
        return ", ".join(one["Name"] for one in event["Labels"])
    return str(event.get("Message", "–"))


def _name(match: Mapping[str, Any]) -> str:
    return str(match.get("UserId", match.get("ExternalImageId", match["FaceId"])))


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
