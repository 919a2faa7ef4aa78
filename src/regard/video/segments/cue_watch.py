"""Frame by frame, the runs that technical cues are told from."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

import cv2
import numpy as np

from regard.video.reading.frame import FrameView
from regard.video.segments.cue_runs import Block, FrameSpan, Run, Still
from regard.video.segments.patterns import Backdrop, backdrop, colour_bars
from regard.vision.pixels import Pixels

Box = tuple[float, float, float, float]  # left, top, width, height, in parts of the frame
MIN_BLACK, MIN_BARS, MIN_STILL = 200, 400, 600  # ms
BARS_SURE = 0.4
_MIN_LUMA = np.array([[0.2126, 0.587, 0.0593]])  # of RGB, by whichever of BT.601, 709, 2020 gives less
_NOISE = 10  # grey levels by which a thumbnail may be lighter than the frame
_STRICT, _LIT, _MAX_LIT = 0.98, 80, 0.001  # where so much must be black, so little of it may be so bright
_SHARE = (0.45, 0.997)  # of a background that something stands before
_STEADY, _REPLACED = 2.0, 8.0  # grey levels of mean change from frame to frame: still, another picture
_UNSTEADY = 4  # frames in a row that end a still picture
_SAMPLE, _SOON = (
    1000,
    300,
)  # ms between frames in which text is searched for, and after a picture came to rest
_UNREAD = 3000  # ms without a search for text, after which nothing is known of what was between
_SUBTITLES = 0.78  # of the height; text below it belongs to the programme
_SAME = 0.03  # of the frame; lines that moved less are the same
_MOVING = 1500  # ms of programme, to be one


class CueWatcher:
    def __init__(self, *, threshold: float, coverage: float) -> None:
        """`threshold` and `coverage`: of black frames, see `Frame.black`, and the smallest share of it."""
        self._threshold, self._coverage = threshold, coverage
        self.blacks: list[Run] = []
        self.bars: list[Run] = []
        self.stills: list[Still] = []
        self.blocks: list[Block] = []
        self.moving: FrameSpan | None = (
            None  # from where something first moved for a while to where it last did
        )
        self.whole: FrameSpan | None = None
        self._black: Run | None = None
        self._bars: Run | None = None
        self._still: Still | None = None
        self._block: Block | None = None
        self._motion: FrameSpan | None = None
        self._unsteady = 0
        self._layout: list[Box] = []
        self._sampled = -_SAMPLE  # when that was
        self._previous = (0, 0)  # number and time of the frame before
        self._plain_since: tuple[int, int, int] | None = None  # number and time, and the time before
        self._event = FrameSpan(
            0, 0, 0, 0, 0, 0
        )  # the last time that the picture changed, and the frame before
        self._before: Pixels | None = None

    def wants_text(self, frame: FrameView) -> bool:
        """Whether to search for text in the next frame: each second, and soon after a picture came to
        rest."""
        still = self._still
        resting = still is not None and not still.samples and frame.timestamp - still.start >= _SOON
        if frame.timestamp - self._sampled < _SAMPLE and not resting:
            return False
        thumbnail = frame.thumbnail
        return int(thumbnail.max()) - int(thumbnail.min()) > _LIT // 2 and self._bars is None

    def add(self, frame: FrameView, text: Sequence[Box] | None) -> list[Run]:
        """Takes the next frame, `text` being the lines in it where they were searched for. Returns the run of
        black or of bars that is over."""
        thumbnail, number, timestamp = frame.thumbnail, frame.number, frame.timestamp
        change = float("inf")
        if self._before is not None:
            change = cv2.norm(thumbnail, self._before, cv2.NORM_L1) / thumbnail.size
        if self.whole is None:
            self.whole = FrameSpan(number, number, *[timestamp] * 4)
        previous = self.whole.last, self.whole.end
        self.whole.reach(number, timestamp)
        self._previous, self._before = previous, thumbnail
        if change > _REPLACED:
            self._event = FrameSpan(previous[0], number, previous[1], timestamp, 0, 0)
        black = self._blackness(frame)
        bars = 0.0 if black is not None else colour_bars(thumbnail)
        ended = self._run_on(self._black, self.blacks, frame, black, MIN_BLACK)
        self._black = ended[1]
        barred = self._run_on(self._bars, self.bars, frame, bars if bars > BARS_SURE else None, MIN_BARS)
        self._bars = barred[1]
        seen = None if black is not None or self._bars is not None else backdrop(thumbnail)
        if seen is None or seen.share < _SHARE[0] or change > _REPLACED:
            self._plain_since = None
        elif self._plain_since is None:
            self._plain_since = (number, timestamp, previous[1])
        self._rest(frame, seen, change)
        self._move(frame)
        dark = self._black is not None and timestamp - self._black.start >= MIN_BLACK
        if dark or self._bars is not None:
            self._end_block()
        if text is not None:
            self._read(frame, text, seen)
        return [run for run in (ended[0], barred[0]) if run is not None]

    def finish(self) -> list[Run]:
        """The runs of black and of bars that last to the end; closes all others."""
        ended = []
        for run, runs, min_length in (
            (self._black, self.blacks, MIN_BLACK),
            (self._bars, self.bars, MIN_BARS),
        ):
            if run is not None and run.end - run.start >= min_length:
                runs.append(run)
                ended.append(run)
        self._end_still(self.whole.end if self.whole else 0)
        self._end_block()
        self._black = self._bars = None
        return ended

    def _blackness(self, frame: FrameView) -> float | None:
        if self._surely_lit(frame.thumbnail) > 1 - self._coverage:
            return None
        share = frame.black(self._threshold)
        if share < self._coverage:
            return None
        if self._coverage >= _STRICT:
            # The text of credits covers little of a black frame; noise lights none of a thumbnail's pixels.
            unlit = cv2.inRange(frame.thumbnail, (0, 0, 0), (_LIT, _LIT, _LIT))
            return share if 1 - cv2.countNonZero(unlit) / unlit.size < _MAX_LIT else None
        return share

    def _surely_lit(self, thumbnail: Pixels) -> float:
        """A share of the frame's pixels that are not black, at least: where so many pixels have been averaged
        to a luma above the threshold, some were. To count them all takes ten times as long."""
        black = 255 * self._threshold + _NOISE
        if black >= 255:
            return 0.0
        above = cv2.transform(thumbnail, _MIN_LUMA).astype(np.float32) - np.float32(black)
        return float(np.maximum(above, 0).mean()) / (255 - black)

    def _run_on(
        self, run: Run | None, runs: list[Run], frame: FrameView, measure: float | None, min_length: int
    ) -> tuple[Run | None, Run | None]:
        """The run that ended with this frame, if it lasted, and the one that goes on."""
        if measure is None:
            if run is not None and run.end - run.start >= min_length:
                run.after = frame.timestamp
                runs.append(run)
                return run, None
            return None, None
        if run is None:
            run = Run(**self._here(frame))
        run.reach(frame.number, frame.timestamp)
        run.frames += 1
        run.total += measure
        return None, run

    def _here(self, frame: FrameView) -> dict[str, int]:
        """A span of that frame alone."""
        number, timestamp, before = frame.number, frame.timestamp, self._previous[1]
        return {
            "first": number,
            "last": number,
            "start": timestamp,
            "end": timestamp,
            "before": before,
            "after": timestamp,
        }

    def _rest(self, frame: FrameView, seen: Backdrop | None, change: float) -> None:
        before = seen is not None and _SHARE[0] <= seen.share <= _SHARE[1]
        if self._still is not None and (not before or change > _STEADY):
            self._unsteady += 1
            if not before or change > _REPLACED or self._unsteady >= _UNSTEADY:
                self._end_still(frame.timestamp)
        if not before or seen is None or (change > _STEADY and self._still is not None):
            return
        if self._still is None:
            self._still = Still(**self._here(frame))
        still, (left, top, right, bottom) = self._still, seen.box
        self._unsteady = 0
        still.reach(frame.number, frame.timestamp)
        still.frames += 1
        still.share += seen.share
        still.across += (left + right) / 2
        still.down += (top + bottom) / 2
        still.area += (right - left) * (bottom - top)

    def _move(self, frame: FrameView) -> None:
        if self._black is not None or self._bars is not None or self._still is not None:
            self._motion = None
            return
        if self._motion is None:
            self._motion = FrameSpan(**self._here(frame))
        motion = self._motion
        motion.reach(frame.number, frame.timestamp)
        if motion.end - motion.start >= _MOVING:
            if self.moving is None:
                self.moving = replace(motion)
            self.moving.reach(motion.last, motion.end)

    def _read(self, frame: FrameView, text: Sequence[Box], seen: Backdrop | None) -> None:
        if self._block is not None and frame.timestamp - self._block.end > _UNREAD:
            self._end_block()
        self._sampled = frame.timestamp
        plain = seen is not None and seen.share >= _SHARE[0]
        lines = [box for box in text if plain or box[1] + box[3] / 2 < _SUBTITLES]
        if self._still is not None:
            self._still.samples += 1
            self._still.lines += len(lines)
            self._still.text_area += _around(lines)
        if not lines or self._black is not None or self._bars is not None:
            self._end_block()
            return
        if self._block is None:
            begun = self._event if self._event.end > frame.timestamp - _SAMPLE else None
            here = self._here(frame)
            if self._plain_since is not None and frame.timestamp - self._plain_since[1] < _UNREAD:
                here["first"], here["start"], here["before"] = self._plain_since
            elif begun:
                here |= {"first": begun.last, "start": begun.end, "before": begun.start}
            self._block = Block(**here)
            self._layout = lines
        elif not _same(lines, self._layout):
            self._block.cards += 1
            self._layout = lines
        self._block.reach(frame.number, frame.timestamp)
        self._block.samples += 1
        self._block.lines += len(lines)
        self._block.plain += plain

    def _end_still(self, after: int) -> None:
        still, self._still, self._unsteady = self._still, None, 0
        if still is None:
            return
        if self._block is not None and still.first <= self._block.last <= still.last:
            block = self._block  # it goes as far as the picture that it stands in
            block.last, block.end, block.after = still.last, still.end, after
            self._end_block()
        if still.end - still.start >= MIN_STILL:
            still.after = after if still.last == self._previous[0] else still.after
            self.stills.append(still)

    def _end_block(self) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        if self._black is not None and self._black.first > block.last:
            block.last, block.end, block.after = self._black.first - 1, self._black.before, self._black.start
        elif self._event.first > block.last and self._event.start - block.end <= _SAMPLE:
            event = self._event
            block.last, block.end, block.after = event.first, event.start, event.end
        self.blocks.append(block)

    def state(self) -> dict[str, Any]:
        """JSON-able; `restore` goes on from it."""
        spans = {name: span and astuple(span) for name, span in self._spans().items()}
        runs = {name: [astuple(run) for run in getattr(self, name)] for name in _LISTS}
        picture = None
        if self._before is not None:
            picture = [self._before.shape, b64encode(self._before.tobytes()).decode("ascii")]
        rest = {name: getattr(self, name) for name in _PLAIN}
        return {"spans": spans, "runs": runs, "before": picture, "rest": rest}

    def _spans(self) -> dict[str, FrameSpan | None]:
        return {name: getattr(self, name) for name in _SPANS}

    def restore(self, state: dict[str, Any]) -> None:
        for name, kind in _SPANS.items():
            values = state["spans"][name]
            setattr(self, name, values and kind(*values))
        for name, kind in _LISTS.items():
            setattr(self, name, [kind(*values) for values in state["runs"][name]])
        for name in _PLAIN:
            setattr(self, name, state["rest"][name])
        if state["before"]:
            shape, pixels = state["before"]
            self._before = np.frombuffer(b64decode(pixels), np.uint8).reshape(shape)


_SPANS: dict[str, type[FrameSpan]] = {
    "moving": FrameSpan,
    "whole": FrameSpan,
    "_black": Run,
    "_bars": Run,
    "_still": Still,
    "_block": Block,
    "_motion": FrameSpan,
    "_event": FrameSpan,
}
_LISTS: dict[str, type[FrameSpan]] = {"blacks": Run, "bars": Run, "stills": Still, "blocks": Block}
_PLAIN = ("_unsteady", "_layout", "_sampled", "_previous", "_plain_since")


def _around(lines: Sequence[Box]) -> float:
    """The area of the box around all lines, in parts of the frame."""
    if not lines:
        return 0.0
    boxes = np.array(lines)
    return float(np.prod((boxes[:, :2] + boxes[:, 2:]).max(0) - boxes[:, :2].min(0)))


def _same(lines: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether most of the lines stand where others stood."""
    ends = np.array([box[:2] for box in others])
    kept = sum(bool((np.abs(ends - np.array(box[:2])).max(1) < _SAME).any()) for box in lines)
    return 2 * kept > max(len(lines), len(others))
