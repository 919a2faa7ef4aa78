"""One pass over a video for any number of analyses, which share decoding and whatever is found in a frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import cv2

from regard.video.reading.frame import Frame
from regard.video.reading.source import FrameSource
from regard.video.segments.cuts import CutWatch
from regard.vision.findings import PictureFindings
from regard.vision.models import Models
from regard.vision.pixels import Pixels

STEP = 10_000  # ms of video between two places from which a pass can go on
_AHEAD = 2  # frames, for each thread, that are examined before their turn
_DECODED, _CONVERTED = 1.5, 3  # bytes a pixel of a waiting frame, and of its picture
_MAX_HELD = 256_000_000  # bytes of frames that wait
_STILL = 3.0  # grey levels by which no spot of a frame may change for it to count as the same
_SPOT = 6  # px of a thumbnail

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class FrameSample:
    """A frame as an analysis gets it. `cut`: a new shot has begun since the last one that it got."""

    __slots__ = ("_findings", "_models", "cut", "frame")

    def __init__(self, frame: Frame, models: Models, findings: PictureFindings | None, cut: bool) -> None:
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

    def prepare(self, findings: PictureFindings) -> None:
        """Finds what `observe` will need. It is called in another thread, ahead of time, for frames that are
        due."""

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
class _FrameTurn:
    """A frame that waits for its turn: which analyses it is due for, and with a cut before it for which."""

    frame: Frame
    due: list[int]
    cuts: set[int]
    findings: PictureFindings | None = None
    ready: Future[None] | None = None


@dataclass(slots=True)
class _PassPlace:
    """How far the pass is: the last frame's timestamp, ms, and who hasn't heard of a cut yet."""

    at: int = -1
    watch: CutWatch = field(default_factory=CutWatch)
    untold: set[int] = field(default_factory=set)


class VideoPass(Generic[T]):
    """Decodes each frame once and finds once what several analyses need of it, in `threads` threads ahead of
    its turn; the analyses themselves take their turns in one thread, in order. Of a frame that shows the same
    as the one before nothing is found again.
    """

    def __init__(
        self,
        video: FrameSource,
        analyses: Sequence[Analysis[T]],
        models: Models,
        *,
        threads: int = 1,
        step: int = STEP,
    ) -> None:
        self._video, self._analyses, self._models = video, analyses, models
        self._threads, self._step = threads, step
        self._place = _PassPlace()
        self._still: tuple[Pixels, PictureFindings, Future[None]] | None = None

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
        turns: deque[_FrameTurn] = deque()
        begun = max(self._place.at, 0) // self._step
        with ThreadPoolExecutor(self._threads, thread_name_prefix="frames") as pool:
            try:
                for frame in self._video.frames(start=self._place.at + 1):
                    if frame.timestamp // self._step > begun:
                        while turns:
                            self._take(turns.popleft(), found)
                        self._still = None
                        begun = frame.timestamp // self._step
                        yield self._reached(found)
                        found = [[] for _ in self._analyses]
                    turn = self._turn(frame, pool)
                    if turn.due:
                        turns.append(turn)
                    while turns and (turns[0].ready is None or self._is_far_ahead(turns)):
                        self._take(turns.popleft(), found)
                while turns:
                    self._take(turns.popleft(), found)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        for into, analysis in zip(found, self._analyses, strict=True):
            into += analysis.finish()
        yield self._reached(found, 1.0)

    def _turn(self, frame: Frame, pool: ThreadPoolExecutor) -> _FrameTurn:
        place = self._place
        due = [
            number
            for number, analysis in enumerate(self._analyses)
            if not analysis.interval or frame.timestamp // analysis.interval > place.at // analysis.interval
        ]
        place.at = frame.timestamp
        following = {number for number, analysis in enumerate(self._analyses) if analysis.follows}
        if following and place.watch.add(frame.thumbnail):
            place.untold |= following
        turn = _FrameTurn(frame, due, place.untold.intersection(due))
        place.untold.difference_update(due)
        preparing = [self._analyses[number] for number in due if self._analyses[number].interval]
        if preparing:
            turn.findings, turn.ready = self._prepare(frame, preparing, pool)
        return turn

    def _is_far_ahead(self, turns: Sequence[_FrameTurn]) -> bool:
        """Whether enough frames wait: for all threads to be busy, or for the memory that they take."""
        prepared = sum(turn.ready is not None for turn in turns)
        pixels = self._video.facts.width * self._video.facts.height
        held = pixels * (_DECODED * len(turns) + _CONVERTED * prepared)
        return prepared > _AHEAD * self._threads or held > _MAX_HELD

    def _prepare(
        self, frame: Frame, analyses: Sequence[Analysis[T]], pool: ThreadPoolExecutor
    ) -> tuple[PictureFindings, Future[None]]:
        earlier: Future[None] | None = None
        if self._still is not None and _change(frame.thumbnail, self._still[0]) <= _STILL:
            _, findings, earlier = self._still
        else:
            findings = PictureFindings(frame.image, self._models)

        def prepare() -> None:
            if earlier is not None:
                earlier.result()  # one thread at a time; it was begun before this was
            for analysis in analyses:
                analysis.prepare(findings)

        ready = pool.submit(prepare)
        kept = frame.thumbnail if earlier is None or self._still is None else self._still[0]
        self._still = kept, findings, ready
        return findings, ready

    def _take(self, turn: _FrameTurn, found: list[list[T]]) -> None:
        if turn.ready is not None:
            turn.ready.result()
        shared = FrameSample(turn.frame, self._models, turn.findings, cut=False)
        for number in turn.due:
            sample = shared
            if number in turn.cuts:
                sample = FrameSample(turn.frame, self._models, shared.findings, cut=True)
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


def _change(thumbnail: Pixels, other: Pixels) -> float:
    """By how many grey levels two frames differ, on average over the spot where they differ most."""
    change = cv2.absdiff(thumbnail, other)
    height, width = change.shape[:2]
    spots = cv2.resize(
        change, (max(1, width // _SPOT), max(1, height // _SPOT)), interpolation=cv2.INTER_AREA
    )
    return float(spots.max())
