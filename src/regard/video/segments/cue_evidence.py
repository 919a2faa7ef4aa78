"""How sure a run of frames is to be a technical cue, in percent, from what stands in it and where it stands.

The weights are ours, in units that can be argued about; bench/segments.py measures what they come to.
"""

from __future__ import annotations

from math import exp, log

from regard.video.segments.cue_runs import Block, Run, Still

_FAR = 0.12  # of the frame: a logo's middle is nearer to the frame's


def _percent(evidence: float) -> float:
    return 100 / (1 + exp(-max(-30.0, min(30.0, evidence))))


def black_confidence(run: Run) -> float:
    """The mean share of black pixels."""
    return 100 * run.mean


def bars_confidence(run: Run) -> float:
    """How pure and even the bars are; compression and noise leave four fifths of it."""
    return 100 * min(1.0, run.mean / 0.8)


def slate_confidence(still: Still, *, after_bars: bool) -> float:
    """A table of text that stands: the more lines and the longer, the surer."""
    if still.samples == 0:
        return 0.0
    lines, seconds = still.lines / still.samples, (still.end - still.start) / 1000
    return _percent(0.9 * (lines - 3) + log(max(0.2, seconds)) + (1.5 if after_bars else 0.0))


def logo_confidence(still: Still, *, edges: int) -> float:
    """A picture in the middle of a plain background, a few seconds, with black or the file's end on either
    side (`edges`, of two), and hardly any text. What is text for the most part is a title."""
    frames = max(1, still.frames)
    seconds = (still.end - still.start) / 1000
    off = max(abs(still.across / frames - 0.5), abs(still.down / frames - 0.5))
    samples = max(1, still.samples)
    lines, text = still.lines / samples, still.text_area / samples / max(1e-3, still.area / frames)
    evidence = 1.5 + 4 * (_FAR - off) / _FAR + 1.5 * (edges - 1) - 0.8 * max(0.0, lines - 1)
    evidence -= 20 * max(0.0, text - 0.5)
    evidence -= 2 * abs(log(max(0.2, seconds) / 3)) if not 1 <= seconds <= 12 else 0
    return _percent(evidence if still.samples else evidence - 2)


def end_credits_confidence(blocks: list[Block], *, left: float) -> float:
    """Much text for long, before a plain background or not, with `left` seconds of programme after it."""
    seconds, lines, plain = _measures(blocks)
    return _percent(0.8 * (lines - 2.5) + 3 * (plain - 0.5) + 1.5 * log(max(0.2, seconds) / 4) - 0.4 * left)


def opening_credits_confidence(blocks: list[Block], *, into: float) -> float:
    """Titles that follow each other, `into` the programme (0 to 1)."""
    seconds, lines, plain = _measures(blocks)
    cards = sum(block.cards for block in blocks)
    evidence = 1.3 * (cards - 2) + 1.2 * log(max(0.2, seconds) / 4) + plain - 0.3
    return _percent(evidence - 8 * max(0.0, into - 0.1) - 0.5 * max(0.0, lines - 6))


def _measures(blocks: list[Block]) -> tuple[float, float, float]:
    """Seconds of text, lines at a time, and the part before a plain background."""
    samples = max(1, sum(block.samples for block in blocks))
    seconds = sum(block.end - block.start for block in blocks) / 1000
    return (
        seconds,
        sum(block.lines for block in blocks) / samples,
        sum(block.plain for block in blocks) / samples,
    )
