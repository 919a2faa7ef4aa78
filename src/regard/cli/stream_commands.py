"""What is known of stream processors, at the command line: which there are, what they saw, who is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, AsPerson, Case, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.presentation.files import drafting
from regard.presentation.streams import (
    events_table,
    false_alert_sentences,
    stream_sentences,
    streams_table,
)

StreamName = Annotated[str, typer.Argument(metavar="NAME", help="The stream processor.")]

_PAGE: Final = 100


def list_streams(
    as_json: AsJson = False, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None
) -> None:
    """List the stream processors, and how they stand."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        streams = gate.all("list_streams", "Streams")
    if as_json:
        print_json({"Streams": streams})
        return
    print_table(streams_table(streams))
    if not streams:
        say("There is no stream processor yet.")


def show_stream(
    name: StreamName,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Show how a stream processor stands, its camera and its source."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        stream = gate.call("get_stream", Name=name)["Stream"]
    if as_json:
        print_json(stream)
        return
    for sentence in stream_sentences(stream):
        say(sentence)


def list_events(
    name: StreamName,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of events.")] = 20,
    kind: Annotated[str | None, typer.Option(help="Only events of this kind, FACE_MATCHED for one.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the events' pictures into this folder.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """List what a stream processor saw, the newest first."""
    if pictures is not None and not pictures.is_dir():
        raise RegardError(f"There is no folder {pictures} to write pictures into.")
    with local_gate(data, case, existing=True, has_models=False, key=key, person=person) as gate:
        events, expected = _events(gate, name, limit, kind)
        if pictures is not None:
            for event in events:
                _write_pictures(gate, name, event, pictures)
    if as_json:
        print_json({"Events": events} | ({"FalseAlerts": expected} if expected else {}))
        return
    print_table(events_table(events))
    if not events:
        say("Nothing was seen yet, or what was seen has expired.")
    for sentence in false_alert_sentences(expected):
        say(sentence)


def put_notice(
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="The camera; `streams show` names it.")],
    text: Annotated[str | None, typer.Option(help="What a notice says that hangs there.")] = None,
    language: Annotated[str, typer.Option(help="The text's language.")] = "en",
    covers: Annotated[
        list[str] | None,
        typer.Option(help="What it tells of: FACE_SEARCH, the default, LABELS, ATTRIBUTES; may be repeated."),
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Print the notice beside a camera, or record that one hangs there, and of what it tells."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        if text is not None:
            named = {"CameraId": camera, "Language": language, "Text": text}
            put = {**named, "Covers": covers or ["FACE_SEARCH"]}
            notice = gate.call("put_camera_notice", **put, PostedAt=datetime.now(UTC))
        else:
            found = [one for one in gate.all("list_notices", "Notices") if one["CameraId"] == camera]
            if not found:
                raise RegardError(f"Nothing tells people of the camera {camera}; --text records what does.")
            [notice] = found
    say(notice["Text"])
    version = notice["Version"]
    posted = f"version {version}" if version else "Regard's own words, which nobody posted"
    say(f"{camera}: {posted}, since {notice['PostedAt']:%Y-%m-%d %H:%M} UTC.")


def _events(
    gate: LocalGate, name: str, limit: int, kind: str | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The newest events, and what false alerts are to be expected beside them."""
    chosen = {"Name": name} if kind is None else {"Name": name, "Kind": kind}
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    expected: dict[str, Any] = {}
    while len(found) < limit:
        page = gate.call("list_stream_events", **chosen, MaxResults=min(limit - len(found), _PAGE), **token)
        found += page["Events"]
        expected = page.get("FalseAlerts", {})
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    return found, expected


def _write_pictures(gate: LocalGate, name: str, event: dict[str, Any], folder: Path) -> None:
    for picture in event["Pictures"]:
        named = {"Name": name, "EventId": event["EventId"], "Picture": picture}
        content = gate.call("get_stream_event_picture", **named)["Picture"]
        with drafting(folder / f"{event['EventId']}-{picture}.jpg") as draft:
            draft.write_bytes(content)
