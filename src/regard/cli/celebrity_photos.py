"""Photos of one person for the gallery of celebrities: the face that each shows, or why it can't be taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from regard.app import Parts
from regard.cli.options import read_picture
from regard.collections.celebrities import Photo
from regard.collections.records import FaceBox, NewFace
from regard.errors import RegardError
from regard.vision.image import ImageError, decode_image
from regard.vision.quality import Bar, flaws

_ALIKE = 0.7  # of the largest face's side: a second face of this size may be the one that is meant


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One file: its face, or in one sentence why it is passed over."""

    file: Path
    photo: Photo | None = None
    problem: str | None = None


def read_photos(parts: Parts, files: Sequence[Path]) -> Iterator[Reading]:
    """Looks at each file, several at a time, in their order."""
    with ThreadPoolExecutor(parts.settings.worker_count) as executor:
        yield from executor.map(lambda file: _read(parts, file), files)


def _read(parts: Parts, file: Path) -> Reading:
    settings, analyzer = parts.settings, parts.models.faces
    try:
        image = decode_image(
            read_picture(file), max_side=settings.image_side, max_pixels=settings.image_pixels
        )
    except RegardError as error:
        return Reading(file, problem=str(error))
    except ImageError as error:
        return Reading(file, problem=f"it is no picture that can be used ({error}).")
    faces = analyzer.detect(image, limit=2)
    if not faces:
        return Reading(file, problem="there is no face in it.")
    largest, others = faces[0], faces[1:]
    if any(other.box.side >= _ALIKE * largest.box.side for other in others):
        return Reading(file, problem="it has several faces of about the same size.")
    problems = flaws(largest, bar=Bar.LOW)
    if problems:
        words = ", ".join(flaw.value.lower().replace("_", " ") for flaw in problems)
        return Reading(file, problem=f"its face is not good enough ({words}).")
    box = FaceBox(
        largest.box.left / image.width,
        largest.box.top / image.height,
        largest.box.width / image.width,
        largest.box.height / image.height,
    )
    vector = analyzer.embed(image, [largest])[0]
    return Reading(file, Photo(image.digest, NewFace(box, largest.confidence, vector)))
