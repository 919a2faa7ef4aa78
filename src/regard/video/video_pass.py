"""One pass over a video for any number of analyses, which share decoding and whatever is found in a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from regard.video.reading.frame import FrameView
from regard.video.reading.source import FrameSource
from regard.video.segments.cuts import CutWatch
from regard.video.stretches.demand import Findable, FrameDemand, Rehearsal, due
from regard.video.stretches.frame_finder import FoundFrame, FrameFinder, FramesHere
from regard.vision.findings import PictureFindings
from regard.vision.models import Models

STEP = 10_000  # ms of video between two places from which a pass can go on

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class FrameSample:
    """A frame as an analysis gets it. `cut`: a new shot has begun since the last one that it got."""

    __slots__ = ("_findings", "_models", "cut", "frame")

    def __init__(self, frame: FrameView, models: Models, findings: PictureFindings | None, cut: bool) -> None:
        self.frame = frame
        self.cut = cut
        self._models = models
        self._findings = findings

    @property
    def findings(self) -> PictureFindings:
        """What is found in the frame, or in one before it that shows the same."""
        if self._findings is None:
            self._findings = PictureFindings(self.frame.image, self._models)
        return self._findings


class Analysis(Protocol[T_co]):
    """One analysis of one video, from its first frame to its last."""

    interval: int
    """ms between the frames that it observes; 0 for every frame. Multiples of each other share frames."""

    follows: bool
    """Whether it follows something from frame to frame, and has to know about cuts."""

    @property
    def finds(self) -> tuple[Findable, ...]:
        """What is found in each frame that is due, ahead of its turn, for `observe`."""

    @property
    def rehearsal(self) -> Rehearsal | None:
        """What else `observe` may ask for, which depends on the frames before; None for nothing."""

    def observe(self, sample: FrameSample) -> Sequence[T_co]:
        """What is certain now that this frame, the next one, is known."""

    def finish(self) -> Sequence[T_co]:
        """What is left when there are no more frames."""

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on, in a new object, as if it had never stopped."""


@dataclass(frozen=True, slots=True)
class Reached(Generic[T]):
    """A place from which the pass can go on: `found` since the last, by analysis; `state`, JSON-able;
    `progress`, 0 to 1, 0 where nobody knows how long the video is."""

    found: list[list[T]]
    state: dict[str, Any]
    progress: float


@dataclass(slots=True)
class _PassPlace:
    """How far the pass is: the last frame's timestamp, ms, and who hasn't heard of a cut yet."""

    at: int = -1
    watch: CutWatch = field(default_factory=CutWatch)
    untold: set[int] = field(default_factory=set)


class VideoPass(Generic[T]):
    """What is found in a frame by itself is found once for all analyses, by a `FrameFinder`; the analyses
    take their turns in one thread, in order. The finder is one of this process, with so many `threads`,
    unless another is given; what comes out is the same.
    """

    def __init__(
        self,
        video: FrameSource,
        analyses: Sequence[Analysis[T]],
        models: Models,
        *,
        threads: int = 1,
        step: int = STEP,
        finder: FrameFinder | None = None,
    ) -> None:
        self._video, self._analyses, self._models = video, analyses, models
        self._step = step
        self._demands = [FrameDemand.of(analysis) for analysis in analyses]
        self._finder = finder or FramesHere(video, self._demands, models, threads=threads, step=step)
        self._place = _PassPlace()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `Reached` had, for the same analyses in the same order. Raises ValueError where
        the video can't be sought."""
        if not self._video.is_seekable:
            raise ValueError("a pass goes on only in a video that can be read from any time on")
        watch = CutWatch.restore(state["watch"])
        self._place = _PassPlace(int(state["at"]), watch, {int(place) for place in state["untold"]})
        for analysis, own in zip(self._analyses, state["analyses"], strict=True):
            analysis.restore(own)

    def run(self) -> Iterator[Reached[T]]:
        """The rest of the pass, place by place; the last has progress 1.

        Raises what decoding and the analyses raise.
        """
        found: list[list[T]] = [[] for _ in self._analyses]
        begun = max(self._place.at, 0) // self._step
        with closing(self._finder.frames(self._place.at)) as frames:
            for one in frames:
                if one.frame.timestamp // self._step > begun:
                    begun = one.frame.timestamp // self._step
                    yield self._reached(found)
                    found = [[] for _ in self._analyses]
                self._take(one, found)
        for into, analysis in zip(found, self._analyses, strict=True):
            into += analysis.finish()
        yield self._reached(found, 1.0)

    def _take(self, one: FoundFrame, found: list[list[T]]) -> None:
        place, frame = self._place, one.frame
        observing = due(self._demands, frame.timestamp, place.at)
        place.at = frame.timestamp
        following = {number for number, demand in enumerate(self._demands) if demand.follows}
        if following and place.watch.add(frame.thumbnail):
            place.untold |= following
        cuts = place.untold.intersection(observing)
        place.untold.difference_update(observing)
        shared = FrameSample(frame, self._models, one.findings, cut=False)
        for number in observing:
            sample = shared
            if number in cuts:
                sample = FrameSample(frame, self._models, shared.findings, cut=True)
            found[number] += self._analyses[number].observe(sample)

    def _reached(self, found: list[list[T]], progress: float | None = None) -> Reached[T]:
        if progress is None:
            duration = self._video.duration  # which frames may go beyond
            progress = 0.0 if duration is None else min(self._place.at / max(duration, 1), 0.999)
        state = {
            "at": self._place.at,
            "watch": self._place.watch.state(),
            "untold": sorted(self._place.untold),
            "analyses": [analysis.state() for analysis in self._analyses],
        }
        return Reached(found, state, progress)
