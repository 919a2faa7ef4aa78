"""The main face of every picture of a folder, as an embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from regard.collections.face_models import FaceModel
from regard.errors import RegardError
from regard.evaluation.choices import Main
from regard.evaluation.dataset import Sample
from regard.evaluation.pairs import Floats
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.attributes import Attributes
from regard.vision.faces.face import Face
from regard.vision.image import Image, ImageError, ImageTooLarge, ImageTooSmall


class FaceObserver(Protocol):
    """What an audit needs of whatever finds faces and makes vectors of them."""

    @property
    def model(self) -> FaceModel: ...

    def detect(self, image: Image, *, limit: int = 100) -> list[Face]: ...

    def embed(self, image: Image, faces: Sequence[Face]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Recognizer:
    """The faces that `analyzer` finds, and their vectors by `model`."""

    analyzer: FaceAnalyzer
    model: FaceModel

    def detect(self, image: Image, *, limit: int = 100) -> list[Face]:
        """The faces of a picture, largest first, at most `limit`."""
        return self.analyzer.detect(image, limit=limit)

    def embed(self, image: Image, faces: Sequence[Face]) -> Floats:
        """(N, dimension), float32."""
        return self.model.embedder.embed(self.analyzer.descriptors(image), faces)


class Describer(Protocol):
    """What tells age and gender."""

    def describe(self, image: Image, faces: Sequence[Face]) -> list[Attributes]: ...


@dataclass(frozen=True, eq=False, slots=True)
class Observation:
    """What was seen in one picture: an embedding (D,) of its face, or why it can't be read."""

    sample: Sample
    row: Floats | None = None
    attributes: Attributes | None = None
    error: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SeenFace:
    """The same of a picture that nobody is told of."""

    row: Floats | None = None
    attributes: Attributes | None = None
    error: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FaceSet:
    """What was seen in all pictures, in their order. `model` made the embeddings."""

    observations: tuple[Observation, ...]
    model: FaceModel

    @property
    def readable(self) -> list[Observation]:
        return [seen for seen in self.observations if seen.error is None]

    @property
    def faces(self) -> list[Observation]:
        """Those with a face: the rows of `rows`."""
        return [seen for seen in self.observations if seen.row is not None]

    @property
    def rows(self) -> Floats:
        """(N, D)"""
        found = [seen.row for seen in self.observations if seen.row is not None]
        return np.stack(found) if found else np.empty((0, self.model.dimension), np.float32)


def observe_faces(
    samples: Sequence[Sample],
    observer: FaceObserver,
    load: Callable[[Path], Image],
    *,
    main: Main = Main.LARGEST,
    describer: Describer | None = None,
    workers: int = 1,
    report: Callable[[int], None] = lambda _: None,
) -> FaceSet:
    """Observes the main face of every picture, `workers` at a time; `report` is told how many are done.

    `load` answers a file's picture, or raises ImageError or RegardError. Nothing is kept but what is
    answered.
    """

    def one(sample: Sample) -> Observation:
        seen = see_main_face(partial(load, sample.file), observer, main, describer)
        return observation_of(sample, seen)

    observations = []
    for seen in _in_order(one, samples, workers):
        observations.append(seen)
        report(len(observations))
    return FaceSet(tuple(observations), observer.model)


def observation_of(sample: Sample, seen: SeenFace) -> Observation:
    """What was seen in a sample's picture."""
    return Observation(sample, seen.row, seen.attributes, seen.error)


def see_main_face(
    load: Callable[[], Image], observer: FaceObserver, main: Main, describer: Describer | None = None
) -> SeenFace:
    """What is seen in one picture, which `load` answers as in `observe_faces`."""
    try:
        image = load()
    except RegardError as error:
        return SeenFace(error=str(error))
    except ImageError as error:
        return SeenFace(error=_sentence(error))
    face = main_face(image, observer.detect(image), main)
    if face is None:
        return SeenFace()
    row = observer.embed(image, [face])[0]
    return SeenFace(row, None if describer is None else describer.describe(image, [face])[0])


def main_face(image: Image, faces: Sequence[Face], main: Main) -> Face | None:
    if main is Main.LARGEST:
        return max(faces, key=lambda face: face.box.area, default=None)
    middle = np.array([image.width, image.height]) / 2
    return min(faces, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)), default=None)


def _in_order(
    one: Callable[[Sample], Observation], samples: Sequence[Sample], workers: int
) -> Iterator[Observation]:
    """Each sample's observation, in order; few pictures are held at a time."""
    rest = iter(samples)
    with ThreadPoolExecutor(workers) as executor:
        running: list[Future[Observation]] = [
            executor.submit(one, sample) for sample in islice(rest, 4 * workers)
        ]
        while running:
            yield running.pop(0).result()
            running.extend(executor.submit(one, sample) for sample in islice(rest, 1))


def _sentence(error: ImageError) -> str:
    match error:
        case ImageTooSmall():
            return f"It is too small: {error}."
        case ImageTooLarge():
            return f"It is too large: {error}."
        case _:
            return f"It can't be decoded: {error}."
