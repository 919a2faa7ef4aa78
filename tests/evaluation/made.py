"""Sets of faces that are made, so that what an audit must find is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from regard.collections.face_models import FACE_MODELS
from regard.evaluation.dataset import Dataset, Sample
from regard.evaluation.faces import FaceSet, Observation
from regard.evaluation.pairs import Floats, Pairs
from regard.vision.faces.attributes import Gender

MODEL = replace(FACE_MODELS["2.0"], version="made", dimension=2)


def sample(
    name: str,
    identity: str = "",
    groups: Mapping[str, str] | None = None,
    age: tuple[float, float] | None = None,
    gender: Gender | None = None,
) -> Sample:
    return Sample(Path(name), name, identity or name, dict(groups or {}), age, gender)


def dataset(samples: Sequence[Sample], *, identified: bool = True) -> Dataset:
    columns = dict.fromkeys(column for one in samples for column in one.groups)
    return Dataset(tuple(samples), tuple(columns), identified)


def faces(samples: Sequence[Sample], rows: Sequence[Floats | None]) -> FaceSet:
    observations = (Observation(one, row) for one, row in zip(samples, rows, strict=True))
    return FaceSet(tuple(observations), MODEL)


def at(*place: float) -> Floats:
    return np.array(place, np.float32)


def strangers(people: int, matched: np.ndarray) -> Pairs:
    """People with a picture each; `matched`, (H, 2), are near each other."""
    return Pairs(
        np.arange(people),
        1.0,
        matched.reshape(-1, 2),
        np.zeros(len(matched), np.float32),
        np.empty((0, 2), np.int64),
        np.empty(0, np.float32),
    )
