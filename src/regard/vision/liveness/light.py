"""Whether the face is lit by the very colours that were sent, more than what is around it.

A camera turns the light on the face into numbers through gains of its own, which follow the light
(automatic exposure and white balance). They are the same for the whole picture, so that the logarithms of the
surround's colour show them, whatever else they show. Per channel, the logarithm of the face's colour, less
what follows the surround or a slow trend, is explained by the screen's light as sent, never negatively, at
the lag that fits best: client and server agree on the time of a frame to some .3 s only. Channels weigh by
their noise, which is what remains where each place of the sequence may have any strength. How well the
sequence explains it is ranked among all others that could have been drawn: that is calibrated whatever the
camera. A sequence that is much like the one by which a face was lit ranks high too; it falls behind that one
in likelihood, by the more the less noise there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from regard.vision.liveness.challenge import PALETTE, SHOWN, Challenge
from regard.vision.liveness.client_report import ClientReport
from regard.vision.liveness.seen_frames import SeenVideo

LAGS = np.arange(-400, 841, 40, dtype=np.float64)  # ms by which the picture comes after the screen
TREND = 3  # the degree of the slow trend
MIN_FRAMES = 24  # with a face, while colours are shown

Doubles = NDArray[np.float64]
Span = tuple[float, float, int, int]  # begin, end (ms), the colour before and the colour, by their places


@dataclass(frozen=True, slots=True)
class LightFindings:
    """What the colours did to the face.

    `rank`: how many of `alternatives` other sequences explain it as well or better. `fit`: the share of the
    colour's course that the sequence explains, 0 to 1. `deficit`: by how much its log-likelihood a frame
    falls behind that of the best alternative; below 0 where it is ahead. `weakest`: the smallest channel's
    strength, in units of the light that was there without the screen. `beside_share`: how strongly what is
    close beside the head follows the colours, as a share of the face, whether by its own colour, as paper
    does, or by light that is added to it, as a display's glass mirrors it; the larger of the two, near 1 on a
    picture of a face that somebody holds. `lag`: ms. `clipped`: the share of the skin that is overexposed,
    0 to 1. `frames`: how many this rests on.
    """

    rank: int
    alternatives: int
    fit: float
    deficit: float
    weakest: float
    beside_share: float
    lag: float
    clipped: float
    frames: int

    @property
    def probability(self) -> float:
        """That a sequence which has nothing to do with the face ranks as high."""
        return (self.rank + 1) / (self.alternatives + 1)


@dataclass(frozen=True, eq=False, slots=True)
class _ColourCourse:
    """Log colours (N, 3) while colours were shown, at `times` (N,), ms by the client's clock."""

    times: Doubles
    face: Doubles
    beside: Doubles
    surround: Doubles
    clipped: float


def measure_light(seen: SeenVideo, challenge: Challenge, report: ClientReport) -> LightFindings | None:
    """None where there is too little to measure: no colours, or hardly a frame with a face while they were
    shown."""
    if report.video_start is None or not report.colours or not challenge.colours:
        return None
    spans = _spans(report, challenge)
    course = _course(seen, report.video_start, spans[0][0], spans[-1][1])
    if course is None:
        return None
    sent = np.array([colour.rgb for colour in challenge.colours], np.float64) / 255
    drawable = _drawable()
    others = drawable[(drawable != sent).any((1, 2))]
    return _measured(course, spans, np.concatenate([sent[None], others]))


def _measured(course: _ColourCourse, spans: list[Span], orders: Doubles) -> LightFindings:
    cleared = [_at_lag(course, spans, orders.shape[1], lag) for lag in LAGS]
    at_lags = np.array([_explained(one.face, one.basis, orders) for one in cleared])
    fits, place = at_lags.max(0), int(at_lags[:, 0].argmax())
    best = cleared[place]
    of_face = _strengths(best.face, best.basis, orders[0])
    of_beside = _strengths(best.beside, best.basis, orders[0])
    levels = np.exp(course.face.mean(0)), np.exp(course.beside.mean(0))
    share = max(_share(of_beside, of_face), _share(of_beside * levels[1], of_face * levels[0]))
    others = fits[1:]
    return LightFindings(
        int((others >= fits[0]).sum()),
        len(others),
        float(fits[0]),
        float(np.log((1 - fits[0]) / (1 - others.max()))),
        float(of_face.min()),
        share,
        float(LAGS[place]),
        course.clipped,
        len(course.times),
    )


def _share(part: Doubles, whole: Doubles) -> float:
    return float(part.sum() / max(whole.sum(), 1e-6))


def _spans(report: ClientReport, challenge: Challenge) -> list[Span]:
    """When the screen showed what: begin and end, ms by the client's clock, the colour before and the colour;
    the two are the same where it stood still."""
    shown = report.colours
    last = shown[-1]
    end = last.started + challenge.colours[last.number].flat_ms
    if last.current != last.previous:
        end += challenge.colours[last.number].scroll_ms
    times = [*(one.started for one in shown), end]
    return [
        (begin, until, one.number - (one.current != one.previous and one.number > 0), one.number)
        for one, (begin, until) in zip(shown, pairwise(times), strict=True)
    ]


def _course(seen: SeenVideo, start: float, begin: float, end: float) -> _ColourCourse | None:
    times = seen.times + start
    colours = np.concatenate(seen.colours, 1)
    valid = (np.nan_to_num(colours) > 0).all(1)
    within = valid & (times >= begin + LAGS[0]) & (times <= end + LAGS[-1] / 2)
    if within.sum() < MIN_FRAMES:
        return None
    clipped = np.median(np.array([frame.clipped for frame in seen.frames])[within])
    face, beside, surround = np.split(np.log(colours[within]), 3, axis=1)
    return _ColourCourse(times[within], face, beside, surround, float(clipped))


@cache
def _drawable() -> Doubles:
    """(5040, K, 3), 0 to 1: all sequences that could have been drawn, black first."""
    shades = np.array(PALETTE, np.float64) / 255
    orders = shades[list(permutations(range(len(PALETTE)), SHOWN))]
    return np.concatenate([np.zeros((len(orders), 1, 3)), orders], 1)


@dataclass(frozen=True, eq=False, slots=True)
class _ClearedCourse:
    """What is left of log colours (N, 3), and of what each of K colours covered of the screen (N, K),
    where what isn't the screen's light was taken out of both."""

    face: Doubles
    beside: Doubles
    basis: Doubles


def _at_lag(course: _ColourCourse, spans: list[Span], colours: int, lag: float) -> _ClearedCourse:
    """Taken out are slow trends, whatever the surround shows, and what the screen showed before and after its
    colours. As much is taken from all sequences, so that their ranks stay what they are."""
    times = course.times - lag
    trends = np.polynomial.legendre.legvander(np.linspace(-1, 1, len(times)), TREND)
    aside = np.column_stack([times < spans[0][0], times >= spans[-1][1]])
    aside = aside[:, aside.any(0)]
    nuisance, _ = np.linalg.qr(np.column_stack([trends, course.surround, aside]))
    basis = _basis(times, spans, colours)
    return _ClearedCourse(*(_cleared(values, nuisance) for values in (course.face, course.beside, basis)))


def _cleared(values: Doubles, nuisance: Doubles) -> Doubles:
    """Values (N, C) less what is in the span of `nuisance` (N, D).

    No matrix (N, N) is made of it: clients choose how many frames they send.
    """
    return np.asarray(values - nuisance @ (nuisance.T @ values), np.float64)


def _basis(times: Doubles, spans: list[Span], colours: int) -> Doubles:
    """(N, K): the share of the screen that each of the K colours covered at `times` (N,)."""
    covered = np.zeros((len(times), colours))
    for begin, end, before, colour in spans:
        within = (times >= begin) & (times < end)
        part = (
            np.ones(within.sum())
            if before == colour
            else np.clip((times[within] - begin) / max(end - begin, 1.0), 0, 1)
        )
        covered[within, colour] += part
        covered[within, before] += 1 - part
    return covered


def _explained(course: Doubles, basis: Doubles, orders: Doubles) -> Doubles:
    """(M,): how much of the course (N, 3) each order (M, K, 3) explains, 0 to 1."""
    free, *_ = np.linalg.lstsq(basis, course, rcond=None)
    noise = ((course - basis @ free) ** 2).mean(0) + 1e-10
    inner = np.einsum("nk,nc->kc", basis, course)
    gram = basis.T @ basis
    met = np.einsum("mkc,kc->mc", orders, inner)
    power = np.einsum("mkc,kl,mlc->mc", orders, gram, orders, optimize=True)
    weights = np.maximum(met, 0) / np.maximum(power, 1e-9)
    explained = (weights * met / noise).sum(1)
    return np.asarray(explained / ((course**2).sum(0) / noise).sum(), np.float64)


def _strengths(course: Doubles, basis: Doubles, order: Doubles) -> Doubles:
    """(3,): by how much a channel's log colour rises with the screen's light."""
    return np.array(
        [
            float(regressor @ course[:, channel]) / max(float(regressor @ regressor), 1e-9)
            for channel, regressor in enumerate((basis @ order).T)
        ]
    )
