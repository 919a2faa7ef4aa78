"""Labels in a live source: each is told once a session, with two pictures, and results at its end."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.context import Context
from regard.errors import RegardError
from regard.operations.inputs.regions import corners_of
from regard.operations.shapes.stream_notices import NoticeEnvelope, label_fact, results_message
from regard.operations.shapes.stream_records import VideoMoment
from regard.operations.streams.moments import moment_of
from regard.operations.streams.source_watch import notices_to
from regard.streams.events import EventKind, NewEvent
from regard.streams.records import StreamProcessor
from regard.streams.steps import LiveMark, Raised, StreamStep
from regard.video.live.label_watch import CLASSES, PACKAGE, LabelWatch, SeenLabel
from regard.video.live.samples import LiveSample
from regard.video.live.stills import frame_still, object_still

DEFAULT_CONFIDENCE = 50.0
_ALL = "ALL"
_BETWEEN = 450  # ms between two pictures that are examined, which are half a second apart at 2 a second
_PATIENCE = 60.0  # seconds that a session waits for its source beyond its own time


class LabelSession:
    """The labels of one processor in one session, as `ctx` was admitted. `checkpoint` is what an earlier
    worker left of it.
    """

    def __init__(
        self,
        ctx: Context,
        stream: StreamProcessor,
        envelope: NoticeEnvelope,
        checkpoint: Mapping[str, Any],
    ) -> None:
        self._ctx = ctx
        self._stream = stream
        self._envelope = envelope
        confidence = stream.min_confidence
        wanted = [*CLASSES, PACKAGE] if _ALL in stream.labels else stream.labels
        self._unseen = [one for one in wanted if one not in CLASSES]
        self._watch = LabelWatch(
            wanted,
            min_confidence=DEFAULT_CONFIDENCE if confidence is None else confidence,
            regions=[corners_of(one) for one in stream.regions],
        )
        self._told: dict[str, dict[str, Any]] = dict(checkpoint.get("labels", {}))
        self._began: float | None = checkpoint.get("began")  # by the source's clock, seconds since the epoch
        self._reached: float = checkpoint.get("reached", self._began or 0.0)
        self._examined = -_BETWEEN

    @property
    def checkpoint(self) -> dict[str, Any]:
        """What another worker goes on from."""
        return {"labels": self._told, "began": self._began, "reached": self._reached}

    def observe(self, sample: LiveSample) -> StreamStep:
        """What a sample shows."""
        if self._began is None:
            self._began = sample.produced
        self._reached = max(self._reached, sample.produced)
        if self._reached - self._began >= (self._stream.stop_seconds or 0):
            return self.finish()
        if sample.at - self._examined < _BETWEEN:
            return StreamStep()
        self._examined = sample.at
        pixels, objects = sample.image.pixels(), self._ctx.models.objects
        found = objects.classes(objects.find(pixels), sample.width, sample.height)
        certain = self._watch.observe(found, sample.width, sample.height)
        new = [one for one in certain if one.name not in self._told]
        marks = [_mark(one, sample) for one in self._watch.boxes(found, sample.width, sample.height)]
        raised = [self._raised(one, sample, pixels) for one in new]
        return StreamStep(raised=raised, marks=marks, has_examined=True)

    def wait(self, now: float) -> StreamStep:
        """No sample came until now, in seconds since the epoch: a session doesn't wait for ever."""
        limit = (self._stream.stop_seconds or 0) + _PATIENCE
        if self._stream.started is not None and now - self._stream.started / 1000 > limit:
            return self.finish()
        return StreamStep()

    def finish(self) -> StreamStep:
        """The session's end: its results are written, and told."""
        labels = list(self._told)
        self._write("results.json", _json(self._results()))
        event = NewEvent(
            kind=EventKind.COMPLETE,
            at=round(self._reached * 1000),
            body={"labels": labels, "processedVideoDurationMillis": self._processed},
        )
        notice = self._envelope.notice(
            event.kind.value, event.event_id, results_message(labels), processed_ms=self._processed
        )
        message = f"Labels found: {', '.join(labels) or 'none'}."
        if self._unseen:
            message += f" No model of this version sees {', '.join(self._unseen)}."
        told = Raised(event=event, notices=notices_to(self._stream.channel, notice))
        return StreamStep(raised=[told], is_over=True, message=message)

    @property
    def _processed(self) -> int:
        """How much video was processed, ms."""
        return 0 if self._began is None else round((self._reached - self._began) * 1000)

    def _results(self) -> dict[str, Any]:
        return {
            "streamArn": self._stream.source_shown,
            "sessionId": self._stream.session,
            "processedVideoDurationMillis": self._processed,
            "labels": list(self._told.values()),
        }

    def _raised(self, one: SeenLabel, sample: LiveSample, pixels: NDArray[np.uint8]) -> Raised:
        """A label that is told for the first time: its two pictures are in the bucket before."""
        moment: VideoMoment = moment_of(self._stream, sample)
        event_id, box = str(uuid.uuid4()), one.box.relative_to(sample.width, sample.height)
        frame, crop = frame_still(pixels), object_still(pixels, one.box)
        uris = (
            self._write(f"{event_id}/frame.jpg", frame),
            self._write(f"{event_id}/crop.jpg", crop),
        )
        fact = label_fact(one.name, str(uuid.uuid4()), box, moment, *uris)
        self._told[one.name] = fact
        event = NewEvent(
            kind=EventKind.LABEL_DETECTED,
            at=round(sample.arrived * 1000),
            body={"labels": [fact], "confidence": one.confidence},
            crop=crop,
            frame=frame,
            event_id=event_id,
        )
        notice = self._envelope.notice(event.kind.value, event_id, {"labels": [fact]})
        return Raised(event=event, notices=notices_to(self._stream.channel, notice))

    def _write(self, name: str, content: bytes) -> str:
        """Writes an object of the session; its URI. Raises RegardError where it can't be written."""
        stream = self._stream
        if stream.bucket is None:
            raise RegardError("The processor has no bucket to write into.")
        prefix = (stream.key_prefix or "").strip("/")
        key = "/".join(part for part in (prefix, stream.name, stream.session, name) if part)
        self._ctx.stores.objects.write(stream.bucket, key, [content], kms_key=stream.kms_key_id)
        return f"s3://{stream.bucket}/{key}"


def _mark(one: SeenLabel, sample: LiveSample) -> LiveMark:
    box = one.box.relative_to(sample.width, sample.height)
    return LiveMark(
        left=box.left,
        top=box.top,
        width=box.width,
        height=box.height,
        caption=f"{one.name} {one.confidence:.0f} %",
        is_match=True,
    )


def _json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
