"""The picture of one image of the source: which it is, which face of it is which, and what can be carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from regard.context import Context
from regard.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)
from regard.governance.purpose import strict_of
from regard.migration.overlap import same_boxes
from regard.migration.places import PicturePlace
from regard.migration.records import NotCarried, SourceFace
from regard.operations.collections.consent import only_person
from regard.operations.collections.faces import passing_quality
from regard.operations.inputs.images import load_picture
from regard.vision.faces import Face
from regard.vision.findings import PictureFindings, Pictures
from regard.vision.geometry import Box
from regard.vision.portraits import cut_portrait

_MAX_CANDIDATES = 200  # pictures that one image is looked for in
UNUSABLE = (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)


@dataclass(frozen=True, slots=True, eq=False)
class CarriedFace:
    """A face of the source with its vector, float32 (dimension,), by the collection's model.

    `box` is where it was found here, in fractions of the picture's sides, `confidence` in percent;
    `portrait` is a JPEG where a strict purpose asks for one.
    """

    face: SourceFace
    box: Box
    confidence: float
    vector: NDArray[np.float32]
    digest: str
    portrait: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class ImageReading:
    """What became of the faces of one image of the source."""

    image_id: str
    carried: Sequence[CarriedFace] = ()
    left: Mapping[str, NotCarried] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _PossiblePicture:
    """A picture that an image may be: which of its faces is which of the source's, and how well they fit."""

    picture: PictureFindings
    pairs: Sequence[tuple[int, int, float]]

    @property
    def fit(self) -> float:
        return sum(shared for _, _, shared in self.pairs)


def read_image(
    ctx: Context,
    image_id: str,
    faces: Sequence[SourceFace],
    place: PicturePlace,
    keys: Sequence[str],
    quality_filter: str,
) -> ImageReading:
    """Reads the picture, of those with `keys`, whose faces are where the source has its own.

    Raises InternalServerError for a bucket that can't be reached.
    """
    candidates = [one for key in keys[:_MAX_CANDIDATES] if (one := _candidate(ctx, faces, place, key))]
    if not candidates:
        return _left(image_id, faces, NotCarried.NO_PICTURE)
    best = max(candidates, key=lambda one: one.fit)
    if not best.pairs:
        return _left(image_id, faces, NotCarried.NO_FACE)
    return _carried(ctx, image_id, faces, best, quality_filter)


def _candidate(
    ctx: Context, faces: Sequence[SourceFace], place: PicturePlace, key: str
) -> _PossiblePicture | None:
    try:
        # Pictures of its own, since they are kept as long as what holds them.
        picture = load_picture(replace(ctx, pictures=Pictures(ctx.models)), place.image(key))
    except UNUSABLE:  # counted: its faces have no picture
        return None
    boxes = [face.box.relative_to(picture.image.width, picture.image.height) for face in picture.faces()]
    return _PossiblePicture(picture, same_boxes([face.box for face in faces], boxes))


def _carried(
    ctx: Context, image_id: str, faces: Sequence[SourceFace], found: _PossiblePicture, quality_filter: str
) -> ImageReading:
    picture, here = found.picture, found.picture.faces()
    left = {face.face_id: NotCarried.NO_FACE for face in faces}
    pairs = [(faces[row], here[column]) for row, column, _ in found.pairs]
    good = _good(ctx, here, quality_filter, left, pairs)
    vectors = picture.embeddings(ctx.face_model.embedder, [face for _, face in good])
    is_strict = strict_of(ctx.collection.purpose, ctx.settings.site_purpose) is not None
    width, height = picture.image.width, picture.image.height
    carried = [
        CarriedFace(
            of,
            face.box.relative_to(width, height),
            face.confidence,
            vector,
            picture.image.digest,
            cut_portrait(picture.image, face.box) if is_strict else None,
        )
        for (of, face), vector in zip(good, vectors, strict=True)
    ]
    for one in carried:
        del left[one.face.face_id]
    return ImageReading(image_id, carried, left)


def _good(
    ctx: Context,
    here: Sequence[Face],
    quality_filter: str,
    left: dict[str, NotCarried],
    pairs: Sequence[tuple[SourceFace, Face]],
) -> list[tuple[SourceFace, Face]]:
    """Those pairs that may be enrolled; of the others `left` is told why not."""
    accepted, _ = passing_quality(here, quality_filter)
    allowed = accepted
    if ctx.stores.privacy.faces.needs_consent(ctx.collection):
        try:
            allowed = only_person(here, accepted)
        except InvalidParameterException:
            allowed = []
    for of, face in pairs:
        if face not in accepted:
            left[of.face_id] = NotCarried.LOW_QUALITY
        elif face not in allowed:
            left[of.face_id] = NotCarried.BYSTANDER
    return [(of, face) for of, face in pairs if face in allowed]


def _left(image_id: str, faces: Sequence[SourceFace], reason: NotCarried) -> ImageReading:
    return ImageReading(image_id, left={face.face_id: reason for face in faces})
