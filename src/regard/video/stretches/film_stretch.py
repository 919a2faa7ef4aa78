"""A stretch of a film: all that is found in its frames, by whoever has the film and the models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModel
from regard.video.reading.decoding import DecodedSource, Extent
from regard.video.reading.frame import FrameView
from regard.video.segments.cuts import CutWatch
from regard.video.segments.likeness import signature
from regard.video.stretches.demand import CueSearch, FaceRecognition, FaceTracking, Findable, FrameDemand, due
from regard.video.stretches.frame_finder import FoundFrame, FramesHere
from regard.video.stretches.rehearsals import Rehearser, rehearser
from regard.vision.findings import PictureFindings
from regard.vision.image import Image
from regard.vision.models import Models
from regard.vision.pixels import Pixels
from regard.vision.sent_findings import SentFindings


@dataclass(frozen=True, slots=True)
class FilmStretch:
    """The frames later than `after` and before `until`, ms; all that are left where that is None. `step`: as
    of the pass."""

    after: int
    until: int | None
    step: int


@dataclass(frozen=True, eq=False, slots=True)
class FoundStretch:
    """What was found in a stretch. For each frame: `numbers` and `timestamps` (N,); `thumbnails`
    (N, H, W, 3), uint8, as far as an analysis needs them; `findings`, a place in `sent`, or -1. `shares`: how
    black some frames are, by threshold. `extent`: how long the film is, where it was read to its end.
    """

    numbers: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    thumbnails: NDArray[np.uint8] | None
    shares: Mapping[int, Mapping[float, float]]
    findings: NDArray[np.int32]
    sent: Sequence[SentFindings]
    extent: Extent | None


def stretch_length(duration: int | None, slots: int, step: int) -> int:
    """ms: so that each of `slots` gets four stretches of a film of `duration`, ms, and none is longer than
    six steps, which bounds what a lost machine has to do again. A stretch begins at a step, since nothing
    that is found in a frame reaches beyond one.
    """
    steps = 1 if duration is None else math.ceil(duration / (4 * slots) / step)
    return step * min(max(steps, 1), 6)


def find_stretch(
    video: DecodedSource,
    stretch: FilmStretch,
    demands: Sequence[FrameDemand],
    models: Models,
    face_models: Mapping[str, FaceModel],
    *,
    threads: int = 1,
) -> FoundStretch:
    """Finds all that `demands` want, and what their rehearsals ask for. Raises what decoding and the models
    raise.
    """
    finder = FramesHere(video, demands, models, threads=threads, step=stretch.step, until=stretch.until)
    made = _MadeStretch(demands, models, face_models, stretch.after)
    with closing(finder.frames(stretch.after)) as frames:
        for one in frames:
            made.add(one)
    return made.finished(video.extent)


class _SeenHere:
    """A frame that remembers how black it was found."""

    def __init__(self, frame: FrameView) -> None:
        self.number, self.timestamp = frame.number, frame.timestamp
        self._frame = frame
        self.shares: dict[float, float] = {}

    @property
    def image(self) -> Image:
        return self._frame.image

    @property
    def thumbnail(self) -> Pixels:
        return self._frame.thumbnail

    def black(self, threshold: float) -> float:
        self.shares[threshold] = self._frame.black(threshold)
        return self.shares[threshold]


@dataclass(slots=True)
class _StretchRows:
    numbers: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    thumbnails: list[Pixels] = field(default_factory=list)
    shares: dict[int, Mapping[float, float]] = field(default_factory=dict)
    findings: list[int] = field(default_factory=list)
    sent: list[SentFindings] = field(default_factory=list)


class _MadeStretch:
    """Frame by frame. Of pictures no more than the last is held."""

    def __init__(
        self,
        demands: Sequence[FrameDemand],
        models: Models,
        face_models: Mapping[str, FaceModel],
        before: int,
    ) -> None:
        self._demands, self._models, self._before = demands, models, before
        self._rehearsers: dict[int, Rehearser] = {
            number: rehearser(demand.rehearsal, face_models)
            for number, demand in enumerate(demands)
            if demand.rehearsal is not None
        }
        self._names = sent_names(demands)
        self._embedders = {name: face_models[name].embedder for name in embedded_by(demands)}
        self._watch, self._untold = CutWatch(), set[int]()
        self._rows = _StretchRows()
        self._open: PictureFindings | None = None

    def add(self, one: FoundFrame) -> None:
        frame, rows = _SeenHere(one.frame), self._rows
        observing = due(self._demands, frame.timestamp, self._before)
        self._before = frame.timestamp
        if any(demand.follows for demand in self._demands) and self._watch.add(frame.thumbnail):
            self._untold = {number for number, demand in enumerate(self._demands) if demand.follows}
        findings = one.findings

        def find() -> PictureFindings:
            nonlocal findings
            if findings is None:
                findings = PictureFindings(frame.image, self._models)
            return findings

        for number in observing:
            if number in self._rehearsers:
                self._rehearsers[number].see(frame, find, cut=number in self._untold)
        self._untold.difference_update(observing)
        if findings is not None and findings is not self._open:
            self._send()
            self._open = findings
        rows.findings.append(-1 if findings is None else len(rows.sent))
        if frame.shares:
            rows.shares[len(rows.numbers)] = frame.shares
        rows.numbers.append(frame.number)
        rows.timestamps.append(frame.timestamp)
        small = self._small(frame)
        if small is not None:
            rows.thumbnails.append(small)

    def finished(self, extent: Extent | None) -> FoundStretch:
        self._send()
        rows = self._rows
        return FoundStretch(
            np.array(rows.numbers, np.int64),
            np.array(rows.timestamps, np.int64),
            np.stack(rows.thumbnails) if rows.thumbnails else None,
            rows.shares,
            np.array(rows.findings, np.int32),
            rows.sent,
            extent,
        )

    def _small(self, frame: FrameView) -> Pixels | None:
        """Who sees every frame needs the thumbnail; who only has to know about cuts, its signature."""
        if not all(demand.interval for demand in self._demands):
            return frame.thumbnail
        if any(demand.follows for demand in self._demands):
            return signature(frame.thumbnail)
        return None

    def _send(self) -> None:
        if self._open is not None:
            self._rows.sent.append(self._open.sent(self._names, self._embedders))
        self._open = None


def sent_names(demands: Sequence[FrameDemand]) -> list[str]:
    """The findings that travel: what is wanted of each frame, and the text that cues are told by."""
    names = {name for demand in demands for name in demand.finds}
    if any(isinstance(demand.rehearsal, CueSearch) for demand in demands):
        names.add(Findable.TEXT)
    return sorted(names)


def embedded_by(demands: Sequence[FrameDemand]) -> set[str]:
    """The versions of the face models whose embeddings travel."""
    return {
        demand.rehearsal.model
        for demand in demands
        if isinstance(demand.rehearsal, FaceTracking | FaceRecognition)
    }
