"""Photos of one person for the gallery of celebrities: the face that each shows, or why it can't be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from regard.collections.celebrities import Photo
from regard.collections.records import NewFace
from regard.context import Context
from regard.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)
from regard.operations.inputs.images import load_picture
from regard.vision.findings import Pictures
from regard.vision.quality import QualityBar, flaws

_ALIKE = 0.7  # of the largest face's side: a second face of this size may be the one that is meant
_UNUSABLE = (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)


@dataclass(frozen=True, slots=True, eq=False)
class PhotoReading:
    """One photo: its face, or in one sentence why it is passed over."""

    photo: Photo | None = None
    problem: str | None = None


def read_photo(ctx: Context, source: Mapping[str, Any]) -> PhotoReading:
    """Reads the photo that an Image names. Raises what `load_image` raises of a bucket that is away."""
    try:
        # Pictures of its own, since they are kept as long as what holds them: one photo at a time is.
        picture = load_picture(replace(ctx, pictures=Pictures(ctx.models)), source)
    except _UNUSABLE as error:
        return PhotoReading(problem=f"it is no picture that can be used ({error.message}).")
    faces = picture.faces()
    if not faces:
        return PhotoReading(problem="there is no face in it.")
    largest, others = faces[0], faces[1:]
    if any(other.box.side >= _ALIKE * largest.box.side for other in others):
        return PhotoReading(problem="it has several faces of about the same size.")
    problems = flaws(largest, bar=QualityBar.LOW)
    if problems:
        words = ", ".join(flaw.value.lower().replace("_", " ") for flaw in problems)
        return PhotoReading(problem=f"its face is not good enough ({words}).")
    celebrities = ctx.stores.celebrities
    [vector] = picture.embeddings(celebrities.model.embedder, [largest])
    following = celebrities.next_model
    next_vector = None if following is None else picture.embeddings(following.embedder, [largest])[0]
    box = largest.box.relative_to(picture.image.width, picture.image.height)
    face = NewFace(box, largest.confidence, vector, next_vector)
    return PhotoReading(Photo(picture.image.digest, face))
