"""Technical cues: what is in a video beside the programme, and where the programme is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from regard.errors import InternalServerError
from regard.video.reading.frame import FrameView
from regard.video.segments.cue_evidence import (
    bars_confidence,
    black_confidence,
    end_credits_confidence,
    logo_confidence,
    opening_credits_confidence,
    slate_confidence,
)
from regard.video.segments.cue_runs import Block, FrameSpan, Run
from regard.video.segments.cue_text import text_boxes
from regard.video.segments.cue_watch import Box, CueWatcher

__all__ = ["TEXT_INTERVAL", "Box", "Cue", "CueDetector", "CueKind", "text_boxes"]

TEXT_INTERVAL = 500
"""ms between frames in which text is searched for at most: those that a reading of text would take too."""
VERSION = "1"  # changes whenever cues are told otherwise
_MIN_CONFIDENCE = 50.0  # percent; below it, frames are counted to the programme
_FADED = 1500  # ms from black to a picture that fades in, or out
_TOGETHER = 4000  # ms between titles of the same credits
_SHORTEST_CREDITS = 2000  # ms
_OPENING, _OPENING_PART = 600_000, 0.4  # ms from the beginning in which text is searched for, and part of it
_CLOSING, _CLOSING_PART = 900_000, 0.5
_NEAR = 1000  # ms from black to the first or after the last title
_SLATE_LINES = 3.5  # fewer are a title
_BITS = 500  # ms; less between two cues is no programme


class CueKind(StrEnum):
    BLACK_FRAMES = "BLACK_FRAMES"
    COLOR_BARS = "COLOR_BARS"
    SLATE = "SLATE"
    OPENING_CREDITS = "OPENING_CREDITS"
    END_CREDITS = "END_CREDITS"
    STUDIO_LOGO = "STUDIO_LOGO"
    CONTENT = "CONTENT"


@dataclass(frozen=True, slots=True)
class Cue:
    """`first_frame` to `last_frame`, numbers of frames; `start` and `end`, the times of the two in ms;
    `confidence` in percent."""

    kind: CueKind
    first_frame: int
    last_frame: int
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class _CueSpan:
    kind: CueKind
    span: FrameSpan
    confidence: float


class CueDetector:
    """Tells technical cues from frames as they come, and from the text that is found in some of them.

    Black frames and colour bars are told as soon as they are over. The others depend on what stands around
    them and on where the programme begins and ends, and are told by `finish`. Content is what no other cue
    covers. Without text, slates and credits are not told.
    """

    def __init__(
        self, frame_rate: float, duration: int | None, *, threshold: float = 0.2, coverage: float = 99.0
    ) -> None:
        """`duration` in ms, None where it isn't known. A frame is black when `coverage` percent of its pixels
        have a luma of at most `threshold` of its range."""
        self._options = {
            "frame_rate": frame_rate,
            "duration": duration,
            "threshold": threshold,
            "coverage": coverage,
        }
        self._duration = duration
        self._watcher = CueWatcher(threshold=threshold, coverage=coverage / 100)

    def wants_text(self, frame: FrameView) -> bool:
        """Whether to search for text in `frame` and give it to `add`: once a second at most, where credits
        and slates may be, unless there is nothing to see."""
        if self._duration is None:
            return self._watcher.wants_text(frame)
        opening = min(_OPENING, _OPENING_PART * self._duration)
        closing = self._duration - min(_CLOSING, _CLOSING_PART * self._duration)
        return not opening < frame.timestamp < closing and self._watcher.wants_text(frame)

    def add(self, frame: FrameView, text: Sequence[Box] | None = None) -> list[Cue]:
        """The cues that are over with `frame`, the next one. `text`: its lines (left, top, width, height) in
        parts of the frame, as `text_boxes` picks them, empty if there are none; None where they weren't
        searched for."""
        return [_cue(part) for part in self._certain(self._watcher.add(frame, text))]

    def finish(self) -> list[Cue]:
        """All cues that were not yet told, in order."""
        watcher = self._watcher
        parts = self._certain(watcher.finish())
        if watcher.whole is None:
            return []
        likely = self._stills()
        likely += self._credits([part.span for part in likely if part.confidence >= _MIN_CONFIDENCE])
        found = [part for part in likely if part.confidence >= _MIN_CONFIDENCE]
        rejected = [part for part in likely if part.confidence < _MIN_CONFIDENCE]
        others = [*watcher.blacks, *watcher.bars, *(part.span for part in found)]
        parts += [*found, *_content(watcher.whole, others, rejected)]
        return [_cue(part) for part in sorted(parts, key=lambda part: part.span.first)]

    def _certain(self, runs: Iterable[Run]) -> list[_CueSpan]:
        bars = {id(run) for run in self._watcher.bars}
        return [
            _CueSpan(CueKind.COLOR_BARS, run, bars_confidence(run))
            if id(run) in bars
            else _CueSpan(CueKind.BLACK_FRAMES, run, black_confidence(run))
            for run in runs
        ]

    def _stills(self) -> list[_CueSpan]:
        """Slates and logos, before something moves or after everything has."""
        parts = []
        watcher = self._watcher
        for still in watcher.stills:
            if watcher.moving and still.start > watcher.moving.start and still.end < watcher.moving.end:
                continue
            first = watcher.moving is None or still.start <= watcher.moving.start
            if first and still.samples and still.lines / still.samples >= _SLATE_LINES:
                after_bars = any(0 <= still.start - run.end < _BITS for run in watcher.bars)
                parts.append(_CueSpan(CueKind.SLATE, still, slate_confidence(still, after_bars=after_bars)))
                continue
            span, edges = self._widened(still, _FADED)
            parts.append(_CueSpan(CueKind.STUDIO_LOGO, span, logo_confidence(still, edges=edges)))
        return parts

    def _widened(self, span: FrameSpan, within: int) -> tuple[FrameSpan, int]:
        """The span with what fades in before it and out after it, to the black, bars or file's end if that is
        no more than `within` ms away; and how many of the two there are."""
        whole = self._watcher.whole or span
        first, start, before = whole.first, whole.start, whole.start
        last, end, after = whole.last, whole.end, whole.end
        for run in (*self._watcher.blacks, *self._watcher.bars):
            if first <= run.last < span.first:
                first, start, before = run.last + 1, run.after, run.end
            if span.last < run.first <= last:
                last, end, after = run.first - 1, run.before, run.start
        wider, edges = FrameSpan(span.first, span.last, span.start, span.end, span.before, span.after), 0
        if span.start - start <= within:
            wider.first, wider.start, wider.before, edges = first, start, before, edges + 1
        if end - span.end <= within:
            wider.last, wider.end, wider.after, edges = last, end, after, edges + 1
        return wider, edges

    def _credits(self, others: Sequence[FrameSpan]) -> list[_CueSpan]:
        """Credits of the blocks of text that are not slates or logos; those near each other are the same."""
        groups: list[list[Block]] = []
        for block in self._watcher.blocks:
            if any(other.first <= block.last and block.first <= other.last for other in others):
                continue
            last = groups[-1][-1] if groups else None
            parted = last is not None and any(last.last < other.first < block.first for other in others)
            if last is not None and not parted and block.start - last.end <= _TOGETHER:
                groups[-1].append(block)
            else:
                groups.append([block])
        parts = []
        for group in groups:
            first, last = group[0], group[-1]
            span = FrameSpan(first.first, last.last, first.start, last.end, first.before, last.after)
            span, _ = self._widened(span, _NEAR)
            if span.end - span.start >= _SHORTEST_CREDITS:
                parts.append(_CueSpan(*self._credit(group, span)))
        return parts

    def _credit(self, group: list[Block], span: FrameSpan) -> tuple[CueKind, FrameSpan, float]:
        moving, whole = self._watcher.moving, self._watcher.whole or span
        length = max(1, whole.end)
        begins = moving.start if moving else span.start
        opening = opening_credits_confidence(group, into=max(0, span.start - begins) / length)
        left = max(0, moving.end - span.end) / 1000 if moving else 0.0
        closing = end_credits_confidence(group, left=left)
        if span.start < 0.5 * length and (span.start < _OPENING_PART * length or closing < opening):
            return CueKind.OPENING_CREDITS, span, opening
        return CueKind.END_CREDITS, span, closing

    def state(self) -> dict[str, Any]:
        """JSON-able; `restore` goes on from it."""
        return {"version": VERSION, "options": self._options, "watcher": self._watcher.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> CueDetector:
        """Raises InternalServerError for the state of another version: a worker of that one may take it."""
        if state.get("version") != VERSION:
            raise InternalServerError("Another version of Regard has begun this job, and goes on with it.")
        detector = cls(**state["options"])
        detector._watcher.restore(state["watcher"])
        return detector


def _cue(part: _CueSpan) -> Cue:
    span = part.span
    return Cue(part.kind, span.first, span.last, span.start, span.end, part.confidence)


def _content(whole: FrameSpan, others: Sequence[FrameSpan], rejected: Sequence[_CueSpan]) -> list[_CueSpan]:
    """What no other cue covers. It is the surer, the less of it was nearly taken for something else."""
    content = []
    first, start = whole.first, whole.start
    after_all = FrameSpan(whole.last + 1, whole.last + 1, whole.end + 1, whole.end + 1, whole.end, whole.end)
    for other in [*sorted(others, key=lambda span: span.first), after_all]:
        last, end = other.first - 1, other.before
        if last >= first and end - start >= _BITS:
            doubts = [
                part.confidence * max(0, min(last, part.span.last) - max(first, part.span.first) + 1)
                for part in rejected
            ]
            confidence = 100 - max(doubts, default=0.0) / (last - first + 1)
            content.append(
                _CueSpan(CueKind.CONTENT, FrameSpan(first, last, start, end, start, end), confidence)
            )
        if other.last >= first:
            first, start = other.last + 1, other.after
    return content
