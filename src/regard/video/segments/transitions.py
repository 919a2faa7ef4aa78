"""The evidence that one shot ends in a stretch of video and another begins: by a cut, by what passes
gradually, by frames of one colour. What the networks of `shots` judge by."""

from __future__ import annotations

import numpy as np

from regard.video.segments.likeness import MIN_CONTRAST
from regard.video.segments.stretch import Frames, Stretch
from regard.vision.pixels import Floats

HALVES = (4, 8, 14, 22, 34)  # half the frames of a gradual transition that is searched for
BEFORE, AFTER = 3, 6  # frames on either side of a cut that are compared: a flash is shorter
BESIDE = 5  # frames on either side of a cut whose changes are compared with its own
CUT_FEATURES, GRADUAL_FEATURES, PLAIN_FEATURES = 13, 20, 8
_FLOOR = MIN_CONTRAST**2


def aside(half: int) -> int:
    """Frames beside a gradual transition that are compared with it."""
    return max(3, half // 2)


def cuts(stretch: Stretch, at: Frames) -> Floats:
    """(N, CUT_FEATURES): does a new shot begin at once with the frames `at`?

    How much changes there, how much more than around it, and whether every frame before is unlike every
    frame after: those on both sides of a flash are alike.
    """
    newest = stretch.count - 1
    change = stretch.changes(at)
    around = at[:, None] + np.array([step for step in range(-BESIDE, BESIDE + 1) if step])
    is_around = (around >= max(1, stretch.first + 1)) & (around <= newest)
    changes = np.where(is_around, stretch.changes(np.clip(around, stretch.first, newest)), 0)
    largest, usual = changes.max(1), changes.sum(1) / np.maximum(1, is_around.sum(1))

    steps = [(before, after) for before in range(-BEFORE, 0) for after in range(AFTER)]
    unlike, is_pair = _pairs(stretch, at, steps)
    inside = [(step, step + 1) for step in range(-BEFORE, AFTER - 1) if step != -1]
    within, is_within = _pairs(stretch, at, inside)
    worst, mean = within.max(1, initial=0), within.sum(1) / np.maximum(1, is_within.sum(1))

    row, column = np.nonzero(is_pair)
    ones, others = (at[row] + np.array(steps)[column, side] for side in (0, 1))
    min_changed, min_recoloured = np.full((2, *is_pair.shape), np.inf, np.float32)
    min_changed[row, column] = stretch.changed(ones, others)
    min_recoloured[row, column] = stretch.recoloured(ones, others)

    at_once = stretch.unlike(at - 1, at)
    contrasts = np.stack([stretch.contrasts(at - 1), stretch.contrasts(at)])
    features = [
        at_once,
        change / 40,
        stretch.recoloured(at - 1, at),
        np.log((change + 1) / (largest + 1)),
        np.log((change + 1) / (usual + 1)),
        np.where(is_pair, unlike, np.inf).min(1),
        min_changed.min(1) / 40,
        min_recoloured.min(1),
        worst,
        mean,
        at_once - worst,
        np.log(contrasts.min(0) + 2),
        np.log(contrasts.max(0) + 2),
    ]
    return np.stack(features, 1).astype(np.float32)


def _pairs(stretch: Stretch, at: Frames, steps: list[tuple[int, int]]) -> tuple[Floats, np.ndarray]:
    """(N, len(steps)): how unlike frames so many from `at` are, 0 where there are none; where there are."""
    one, other = at[:, None] + np.array(steps).T[:, None]
    there = (one >= stretch.first) & (other < stretch.count)
    unlike = np.zeros(there.shape, np.float32)
    unlike[there] = stretch.unlike(one[there], other[there])
    return unlike, there


def graduals(stretch: Stretch, middles: Frames, half: int) -> Floats:
    """(N, GRADUAL_FEATURES): does one shot pass into another from `middles` − `half` to `middles` + `half`?

    In a dissolve, and in a fade by way of one colour, each picture between is a mixture of the first and
    the last, with shares that rise and fall steadily; in motion it is not. Pictures are taken less their
    mean colour, so that the colour of a fade doesn't count.
    """
    begin, end = middles - half, middles + half
    between = begin[:, None] + np.arange(2 * half + 1)
    gi, gj, gij = (stretch.products(*pair)[:, None] for pair in ((begin, begin), (end, end), (begin, end)))
    ki, kj = (stretch.products(between, side[:, None]) for side in (begin, end))
    kk = stretch.products(between, between)
    # Least squares on the two ends, with a little weight against shares of pictures of no contrast.
    ridge = 0.025 * _FLOOR
    scale = (np.float64(gi) + ridge) * (np.float64(gj) + ridge) - np.float64(gij) ** 2 + 1e-3
    first = (ki * (gj + ridge) - kj * gij) / scale
    second = (kj * (gi + ridge) - ki * gij) / scale
    rest = kk - 2 * (first * ki + second * kj) + first**2 * gi + second**2 * gj + 2 * first * second * gij
    rest = np.maximum(rest, 0)[:, 1:-1] * 2 / (np.minimum(gi, gj) + np.sqrt(gi * gj) + 2 * _FLOOR)
    rises, falls = np.diff(second), np.diff(first)
    lesser = np.minimum(gi, gj)[:, 0]
    left = np.maximum(stretch.first, begin - aside(half))
    right = np.minimum(stretch.count - 1, end + aside(half))
    inside = stretch.changes(between[:, 1:])
    outside = _mean_changes(stretch, left, begin, end, right)
    features = [
        stretch.apart(begin, end),
        rest.mean(1),
        rest.max(1),
        np.maximum(np.abs(rises).max(1), np.abs(falls).max(1)),
        np.maximum(falls, 0).sum(1) + np.maximum(-rises, 0).sum(1),
        kk.min(1) / (lesser + _FLOOR),
        stretch.apart(left, begin),
        stretch.apart(end, right),
        stretch.recoloured(begin, end),
        np.log((inside.max(1) + 1) / (np.median(inside, 1) + 1)),
        np.log(np.sqrt(np.maximum(0, lesser)) + 1),
        np.abs(stretch.means(begin) - stretch.means(end)).mean(1) / 40,
        stretch.unlike(begin, end),
        np.full(len(middles), np.log(half)),
        np.log((inside.mean(1) + 0.5) / (outside + 0.5)),
        # Where in the stretch it is.
        np.clip(second.mean(1), 0, 1),
        np.clip(first.mean(1), 0, 1),
        second[:, half // 2] - first[:, half // 2],
        second[:, half] - first[:, half],
        second[:, -1 - half // 2] - first[:, -1 - half // 2],
    ]
    return np.stack(features, 1).astype(np.float32)


def _mean_changes(stretch: Stretch, left: Frames, begin: Frames, end: Frames, right: Frames) -> np.ndarray:
    """The mean change in frames from `left` to `begin` and after `end` to `right`; 0 where there are none."""
    frames = np.arange(stretch.first, stretch.count)
    sums = np.concatenate([[0.0], np.cumsum(stretch.changes(frames), dtype=np.float64)])
    left = np.maximum(left, stretch.first + 1) - stretch.first  # of the first frame there is no change
    begin, end, right = begin + 1 - stretch.first, end + 1 - stretch.first, right + 1 - stretch.first
    count = np.maximum(0, begin - left) + right - end
    return np.asarray(
        (sums[np.maximum(begin, left)] - sums[left] + sums[right] - sums[end]) / np.maximum(1, count)
    )


def plain(stretch: Stretch, begin: int, end: int, newest: int) -> Floats:
    """(PLAIN_FEATURES,): do the frames of one colour from `begin` to `end` part two shots?

    A fade comes and goes; a flash comes at once, and the picture after it is that before. Frames up to
    `newest` are looked at.
    """
    before = _fullest(stretch, max(stretch.first, begin - HALVES[-1]), begin - 1)
    after = _fullest(stretch, end + 1, min(newest, end + HALVES[-1]))
    pair = np.array([before]), np.array([after])
    contrast = min(float(stretch.contrasts(frames)[0]) for frames in pair)
    enters, leaves = np.arange(before + 1, begin + 1), np.arange(end + 1, after + 1)
    features = [
        np.log(end - begin + 1),
        stretch.unlike(*pair)[0],
        stretch.recoloured(*pair)[0],
        np.log((stretch.changes(enters).max() + 1) / (contrast + 2)),
        np.log((stretch.changes(leaves).max() + 1) / (contrast + 2)),
        stretch.means(np.array([(begin + end) // 2])).mean() / 128 - 1,
        np.log(contrast + 2),
        np.log(begin - before),
    ]
    return np.array(features, np.float32)


def _fullest(stretch: Stretch, first: int, last: int) -> int:
    """The frame of the greatest contrast among those."""
    return first + int(stretch.contrasts(np.arange(first, last + 1)).argmax())


def greatest_contrast(stretch: Stretch, first: int, last: int) -> float:
    """Of those frames."""
    return float(stretch.contrasts(np.arange(first, last + 1)).max())
