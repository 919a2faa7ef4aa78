"""Small analyses for the tests, whose video is a script: a JSON object that says what they do.

`steps`, how many; `items`, in each; `seconds`, that each takes; `persons`, what a face search finds;
`tracks`, where the people of a person tracking are, and `duration`, of the video, ms; `fail`, the step at
which it is refused; `break`, at which it has a mistake; `kill`, at which its process dies; `away`, a file
while which is there something that it needs is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from regard import operations as area
from regard.context import Context
from regard.errors import InternalServerError, InvalidParameterException
from regard.jobs.records import Item, Step
from regard.operations import Operation
from regard.operations.inputs.videos import open_video

METADATA = {"Codec": "h264", "DurationMillis": 1000, "Format": "QuickTime / MOV", "FrameRate": 25.0}
VIEWS = ("TIMESTAMPS", "SEGMENTS")


def labels(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """Labels that follow from the step's number alone, in both views."""
    for at, script in _steps(ctx, request, state):
        found = [_label(at, n) for n in range(script.get("items", 2))]
        items = [
            Item(label["Timestamp"], label["Label"]["Name"], label, view) for label in found for view in VIEWS
        ]
        facts = {"VideoMetadata": METADATA, "LabelModelVersion": "test"}
        yield Step(items, {"at": at + 1}, (at + 1) / script["steps"], facts)


def _label(at: int, n: int) -> dict[str, Any]:
    name = hashlib.sha256(f"{at}/{n}".encode()).hexdigest()[:6]
    return {"Timestamp": 40 * at, "Label": {"Name": name, "Confidence": 50.0 + n}}


def persons(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The matches of the script that reach the threshold that applies."""
    for at, script in _steps(ctx, request, state):
        items = []
        for index, similarities in enumerate(script.get("persons", [])):
            body: dict[str, Any] = {"Timestamp": 40 * at, "Person": {"Index": index}}
            found = [one for one in similarities if one >= ctx.threshold]
            if found:
                body["FaceMatches"] = [{"Similarity": one, "Face": {"FaceId": "f"}} for one in found]
            items.append(Item(40 * at, f"{index:06}", body))
        yield Step(items, {"at": at + 1}, (at + 1) / script["steps"], {"VideoMetadata": METADATA})


def tracks(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The moments of the script, [ms, index, left, top, width, height] each, spread over its steps."""
    for at, script in _steps(ctx, request, state):
        items = []
        for when, index, *sides in script["tracks"][at :: script["steps"]]:
            box = dict(zip(("Left", "Top", "Width", "Height"), sides, strict=True))
            body = {"Timestamp": when, "Person": {"Index": index, "BoundingBox": box}}
            items.append(Item(when, f"{index:06}", body))
        about = METADATA | {"DurationMillis": script["duration"], "FrameWidth": 1600, "FrameHeight": 900}
        yield Step(items, {"at": at + 1}, (at + 1) / script["steps"], {"VideoMetadata": about})


def segments(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """One segment of each type that was asked for, in each step."""
    types = request["SegmentTypes"]
    for at, script in _steps(ctx, request, state):
        items = [
            Item(40 * at, str(place), {"Type": kind, "StartTimestampMillis": 40 * at})
            for place, kind in enumerate(types)
        ]
        facts = {"VideoMetadata": [METADATA], "AudioMetadata": []}
        yield Step(items, {"at": at + 1}, (at + 1) / script["steps"], facts)


def _steps(
    ctx: Context, request: dict[str, Any], state: dict[str, Any] | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    with open_video(ctx, request) as video:
        script = {"steps": 1} | json.loads(video.read())
        for at in range(state["at"] if state else 0, script["steps"]):
            time.sleep(script.get("seconds", 0))
            if script.get("fail") == at:
                raise InvalidParameterException("The video has no pictures in it.")
            if script.get("break") == at:
                raise RuntimeError("a secret path /etc/passwd")
            if script.get("kill") == at:
                os.kill(os.getpid(), signal.SIGKILL)
            if "away" in script and Path(script["away"]).exists():
                raise InternalServerError("The face index can't be reached. Try your call again.")
            yield at, script


ANALYSES = {
    "start_face_search": persons,
    "start_label_detection": labels,
    "start_person_tracking": tracks,
    "start_segment_detection": segments,
}


def operations() -> dict[str, Operation]:
    """Every operation, with these analyses in the place of the real ones."""
    replaced = {key: replace(area.OPERATIONS[key], analysis=run) for key, run in ANALYSES.items()}
    return {**area.OPERATIONS, **replaced}


def register() -> None:
    """Called by `site/sitecustomize.py` in the processes that tests start, before anything else is loaded."""
    area.OPERATIONS = operations()  # type: ignore[misc]
