"""People on known paths, as a detector would see them, without any picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

DIMENSION = 16
WIDE, TALL = 60.0, 160.0  # px


@dataclass(frozen=True, slots=True)
class Walker:
    """`where` gives the centre (px) at a time (s), or None when not to be seen."""

    person: int
    where: Callable[[float], tuple[float, float] | None]
    score: Callable[[float], float] = lambda _: 0.8


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    timestamp: int
    people: list[int]
    boxes: np.ndarray
    scores: np.ndarray
    looks: np.ndarray


def straight(
    begin: tuple[float, float], speed: tuple[float, float], *, hidden: tuple[float, float] = (0, 0)
) -> Callable[[float], tuple[float, float] | None]:
    """From `begin` at `speed`, px/s, not seen between the times `hidden`."""

    def where(now: float) -> tuple[float, float] | None:
        if hidden[0] <= now < hidden[1]:
            return None
        return begin[0] + speed[0] * now, begin[1] + speed[1] * now

    return where


def look_of(person: int, random: np.random.Generator, *, differs: float = 0.3) -> np.ndarray:
    """A unit vector near that person's own."""
    own = np.random.default_rng(1000 + person).normal(size=DIMENSION)
    look = own / np.linalg.norm(own) + differs * random.normal(size=DIMENSION) / np.sqrt(DIMENSION)
    return (look / np.linalg.norm(look)).astype(np.float32)


def watch(
    walkers: Sequence[Walker], *, seconds: float, rate: float = 5.0, seed: int = 0, begin: int = 0
) -> Iterator[Seen]:
    """Samples at uneven times; boxes are off by a few pixels, and come in any order."""
    random = np.random.default_rng(seed)
    now = 0.0
    while now < seconds:
        here = [(one, one.where(now)) for one in walkers]
        there = [(one, place) for one, place in here if place is not None]
        there = [there[n] for n in random.permutation(len(there)).tolist()]
        boxes = [
            np.array((x - WIDE / 2, y - TALL / 2, x + WIDE / 2, y + TALL / 2)) + random.normal(0, 2, 4)
            for _, (x, y) in there
        ]
        yield Seen(
            begin + round(1000 * now),
            [one.person for one, _ in there],
            np.array(boxes, np.float64).reshape(-1, 4),
            np.array([one.score(now) for one, _ in there], np.float64),
            np.array([look_of(one.person, random) for one, _ in there], np.float32).reshape(-1, DIMENSION),
        )
        now += random.uniform(0.6, 1.4) / rate
