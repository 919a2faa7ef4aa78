"""How boxes move between samples that are taken at uneven times: a Kalman filter for many boxes at once.

A box is its centre and the logarithms of its sides. Each of the four has a speed that is an
Ornstein–Uhlenbeck process: nudged all the time, and forgotten within a second or so. (Uhlenbeck and Ornstein,
"On the Theory of the Brownian Motion", 1930; for tracking, Singer, "Estimating Optimal Tracking Filter
Performance for Manned Maneuvering Targets", 1970.) So a box that is not seen drifts to a stop, its
uncertainty grows as far as people walk, and two steps of time equal one of both. The four don't influence
each other: their covariances are 2 × 2, and no matrix is inverted. Places are in box heights wherever they
are compared.

What a detector says is sometimes far off, as when legs are hidden. So its errors follow Student's t: a
measurement that is unlikely moves the box less (West, "Outlier Models and Prior Distributions in Bayesian
Linear Regression", 1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FREEDOM = 4.0  # of Student's t
_PEAK = lgamma((_FREEDOM + 1) / 2) - lgamma(_FREEDOM / 2) - 0.5 * log(_FREEDOM * pi)


@dataclass(frozen=True, slots=True)
class MotionModel:
    """`pace`: the usual speed (standard deviation), heights a second, and `swelling` that of the sides'
    logarithms, 1/s. `memory`: s, after which a speed says little. `place_error` in heights and `side_error`
    in logarithms: what a detector errs by."""

    pace: float
    swelling: float
    memory: float
    place_error: float
    side_error: float

    @property
    def paces(self) -> Floats:
        return np.array([self.pace, self.pace, self.swelling, self.swelling])

    @property
    def errors(self) -> Floats:
        return np.array([self.place_error, self.place_error, self.side_error, self.side_error])


PERSONS = MotionModel(pace=0.4, swelling=0.15, memory=1.2, place_error=0.04, side_error=0.06)
FACES = MotionModel(pace=1.5, swelling=0.3, memory=0.7, place_error=0.06, side_error=0.08)


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """N boxes: `places` and `speeds` (N, 4), px and logarithms, 1/s; `spreads` (N, 4, 3): the variance of the
    place, the covariance, the variance of the speed, in heights and logarithms."""

    places: Floats
    speeds: Floats
    spreads: Floats

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(cls, boxes: Floats, model: MotionModel) -> Motion:
        """Boxes (N, 4), left, top, right, bottom, px, seen for the first time."""
        places = to_places(boxes)
        spreads = np.zeros((len(boxes), 4, 3))
        spreads[:, :, 0] = model.errors**2
        spreads[:, :, 2] = model.paces**2
        return cls(places, np.zeros_like(places), spreads)

    def take(self, rows: NDArray[np.intp]) -> Motion:
        return Motion(self.places[rows], self.speeds[rows], self.spreads[rows])

    def joined(self, other: Motion) -> Motion:
        return Motion(
            np.concatenate([self.places, other.places]),
            np.concatenate([self.speeds, other.speeds]),
            np.concatenate([self.spreads, other.spreads]),
        )

    def put(self, rows: NDArray[np.intp], other: Motion) -> Motion:
        """A copy in which `rows` are those of `other`."""
        places, speeds, spreads = self.places.copy(), self.speeds.copy(), self.spreads.copy()
        places[rows], speeds[rows], spreads[rows] = other.places, other.speeds, other.spreads
        return Motion(places, speeds, spreads)

    def boxes(self) -> Floats:
        """(N, 4): left, top, right, bottom, px."""
        return to_boxes(self.places)

    def predicted(self, seconds: float, model: MotionModel) -> Motion:
        """Where they are after `seconds`, not negative."""
        rate, kept = 1 / model.memory, float(np.exp(-seconds / model.memory))
        reach = (1 - kept) * model.memory
        noise = 2 * model.paces**2 * rate  # keeps the speeds' variance at paces²
        place, both, speed = np.moveaxis(self.spreads, -1, 0)
        spreads = np.stack(
            [
                place
                + 2 * reach * both
                + reach**2 * speed
                + noise * (2 * rate * seconds - 3 + 4 * kept - kept**2) / (2 * rate**3),
                kept * (both + reach * speed) + noise * (1 - kept) ** 2 / (2 * rate**2),
                kept**2 * speed + noise * (1 - kept**2) / (2 * rate),
            ],
            -1,
        )
        return Motion(self.places + reach * self.speeds, kept * self.speeds, spreads)

    def evidence(self, boxes: Floats, model: MotionModel) -> Floats:
        """(N, M): the logarithm of how likely each of `boxes` (M, 4) is as the next sight of each box.

        In densities per height (places) and per logarithm (sides).
        """
        apart = self._apart(to_places(boxes)[None], np.arange(len(self))[:, None])
        variance = self.spreads[:, None, :, 0] + model.errors**2
        odd = np.log1p(apart**2 / (variance * _FREEDOM))
        each = _PEAK - 0.5 * np.log(variance) - (_FREEDOM + 1) / 2 * odd
        return np.asarray(each.sum(-1))

    def corrected(self, boxes: Floats, doubt: Floats, model: MotionModel) -> Motion:
        """Each seen at its of `boxes` (N, 4), which may err by `doubt` (N,) times what is usual."""
        apart = self._apart(to_places(boxes), np.arange(len(self)))
        place, both, speed = np.moveaxis(self.spreads, -1, 0)
        error = (model.errors * doubt[:, None]) ** 2
        odd = apart**2 / (place + error)
        error = error * np.maximum((_FREEDOM + odd) / (_FREEDOM + 1), 1)
        gain, gain_speed = place / (place + error), both / (place + error)
        heights = self._heights(np.arange(len(self)))
        spreads = np.stack([place - gain * place, both - gain * both, speed - gain_speed * both], -1)
        return Motion(
            self.places + gain * apart * heights, self.speeds + gain_speed * apart * heights, spreads
        )

    def _heights(self, rows: NDArray[np.intp]) -> Floats:
        """What one unit of `spreads` is in `places`: a height for places, 1 for sides; (…, 4)."""
        height = np.exp(self.places[rows, 3])[..., None]
        return np.concatenate([height, height, np.ones_like(height), np.ones_like(height)], -1)

    def _apart(self, places: Floats, rows: NDArray[np.intp]) -> Floats:
        return (places - self.places[rows]) / self._heights(rows)


def to_places(boxes: Floats) -> Floats:
    """(N, 4) left, top, right, bottom to centre x, centre y and the logarithms of width and height."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, np.log(sides)], 1)


def to_boxes(places: Floats) -> Floats:
    half = np.exp(places[:, 2:]) / 2
    return np.concatenate([places[:, :2] - half, places[:, :2] + half], 1)
