"""Whether the face is lit by the very colours that were sent, more than what is around it.

A camera turns the light on the face into numbers through gains of its own, which follow the light
(automatic exposure and white balance). They are the same for the whole picture, so that the logarithm of the
face's colour less that of its surround is free of them. Per channel that difference, less a slow trend, is
explained by the screen's light as sent, never negatively, at the lag that fits best: client and server agree
on the time of a frame to some .3 s only. Channels weigh by their noise, which is what remains where each
place of the sequence may have any strength. How well the sequence explains it is ranked among other sequences
that could have been drawn: that is calibrated whatever the camera.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from regard.vision.liveness.challenge import PALETTE, SHOWN, Challenge
from regard.vision.liveness.client_report import ClientReport
from regard.vision.liveness.seen_frames import SeenVideo

ALTERNATIVES = 1_000
LAGS = np.arange(-400, 841, 40, dtype=np.float64)  # ms by which the picture comes after the screen
_TREND = 3  # the degree of the slow trend
_MIN_FRAMES = 24  # with a face, while colours are shown

Doubles = NDArray[np.float64]
Span = tuple[float, float, int, int]  # begin, end (ms), the colour before and the colour, by their places


@dataclass(frozen=True, slots=True)
class LightFindings:
    """What the colours did to the face.

    `rank`: how many of `alternatives` other sequences explain it as well or better. `fit`: the share of the
    colour's course that the sequence explains, 0 to 1. `lead`: by how much `fit` exceeds that of the best
    alternative. `weakest`: the smallest channel's strength, in units of the light that was there without the
    screen. `surround_share`: how strongly the surround follows the colours, as a share of the face. `lag`:
    ms. `clipped`: the share of the skin that is overexposed, 0 to 1. `frames`: how many this rests on.
    """

    rank: int
    alternatives: int
    fit: float
    lead: float
    weakest: float
    surround_share: float
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
    surround: Doubles
    clipped: float


def measure_light(
    seen: SeenVideo, challenge: Challenge, report: ClientReport, *, seed: int = 0
) -> LightFindings | None:
    """None where there is too little to measure: no colours, or hardly a frame with a face while they were
    shown. `seed` draws the alternatives."""
    if report.video_start is None or not report.colours or not challenge.colours:
        return None
    spans = _spans(report, challenge)
    course = _course(seen, report.video_start, spans[0][0], spans[-1][1])
    if course is None:
        return None
    sent = np.array([colour.rgb for colour in challenge.colours], np.float64) / 255
    others = _alternatives(sent, seed)
    return _measured(course, spans, np.concatenate([sent[None], others]))


def _measured(course: _ColourCourse, spans: list[Span], orders: Doubles) -> LightFindings:
    difference = course.face - course.surround
    trend = _trend(len(difference))
    flat = _detrended(difference, trend)
    bases = [_detrended(_basis(course.times - lag, spans, orders.shape[1]), trend) for lag in LAGS]
    at_lags = np.array([_explained(flat, basis, orders) for basis in bases])
    fits, place = at_lags.max(0), int(at_lags[:, 0].argmax())
    lag, basis = float(LAGS[place]), bases[place]
    of_face = _strengths(_detrended(course.face, trend), basis, orders[0])
    of_surround = _strengths(_detrended(course.surround, trend), basis, orders[0])
    of_both = _strengths(flat, basis, orders[0])
    share = float(of_surround.sum() / max(of_face.sum(), 1e-6))
    others = fits[1:]
    return LightFindings(
        int((others >= fits[0]).sum()),
        len(others),
        float(fits[0]),
        float(fits[0] - others.max()),
        float(of_both.min()),
        share,
        lag,
        course.clipped,
        len(course.times),
    )


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
    face, surround = seen.colours
    valid = (
        np.isfinite(face).all(1) & np.isfinite(surround).all(1) & (face > 0).all(1) & (surround > 0).all(1)
    )
    within = valid & (times >= begin + LAGS[0]) & (times <= end + LAGS[-1] / 2)
    if within.sum() < _MIN_FRAMES:
        return None
    clipped = np.median(np.array([frame.clipped for frame in seen.frames])[within])
    return _ColourCourse(times[within], np.log(face[within]), np.log(surround[within]), float(clipped))


def _alternatives(sent: Doubles, seed: int) -> Doubles:
    """(ALTERNATIVES, K, 3): other orders that could have been drawn, after the same first colour."""
    source = random.Random(seed)  # noqa: S311 - they are compared with, not kept secret
    own, drawn = sent[1:].tolist(), list[list[list[float]]]()
    while len(drawn) < ALTERNATIVES:
        order = [[value / 255 for value in colour] for colour in source.sample(PALETTE, SHOWN)]
        if order != own:
            drawn.append(order)
    first = np.broadcast_to(sent[:1], (ALTERNATIVES, 1, 3))
    return np.concatenate([first, np.array(drawn, np.float64)], 1)


def _trend(count: int) -> Doubles:
    """(N, D): an orthonormal basis of slow trends of N values."""
    powers = np.polynomial.legendre.legvander(np.linspace(-1, 1, count), _TREND)
    return np.asarray(np.linalg.qr(powers)[0], np.float64)


def _detrended(values: Doubles, trend: Doubles) -> Doubles:
    """Values (N, C) less their slow trend.

    No matrix (N, N) is made of it: clients choose how many frames they send.
    """
    return np.asarray(values - trend @ (trend.T @ values), np.float64)


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
