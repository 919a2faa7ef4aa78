"""The picture of one image of the source: which it is, which face of it is which, and what can be carried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

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
from regard.migration.records import NotCarried, SourceFace
from regard.operations.collections.consent import only_person
from regard.operations.collections.face_choice import passing_quality
from regard.vision.faces import Face
from regard.vision.faces.embedding import FaceEmbedder
from regard.vision.findings import PictureFindings
from regard.vision.geometry import Box
from regard.vision.portraits import cut_portrait

_MAX_CANDIDATES = 200  # pictures that one image is looked for in
_MARGIN = 0.1  # of the IoU of a face: pictures that are as close are told apart by nothing
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


@dataclass(frozen=True, slots=True)
class CarryingRules:
    """Which faces of a picture may be carried: those that pass the QualityFilter `quality`, and where each
    takes a consent, `alone`, that of the one person whom it shows. `has_portraits`: each is cut out, too.
    """

    quality: str
    alone: bool
    has_portraits: bool

    @classmethod
    def of(cls, ctx: Context, quality: str) -> CarryingRules:
        """Those of the collection of a request."""
        is_strict = strict_of(ctx.collection.purpose, ctx.settings.site_purpose) is not None
        return cls(quality, ctx.stores.privacy.faces.needs_consent(ctx.collection), is_strict)


OpenPicture = Callable[[str], PictureFindings | None]
"""The picture with a key; None where there is none that can be used."""

FoundBoxes = MutableMapping[str, tuple[str, Sequence[Box]] | None]
"""The digests of pictures and where their faces are, by key, in fractions of the sides; None for what is no
picture.
"""


def read_image(
    open_picture: OpenPicture,
    embedder: FaceEmbedder,
    rules: CarryingRules,
    image_id: str,
    faces: Sequence[SourceFace],
    candidates: Mapping[str, str],
    seen: FoundBoxes,
) -> ImageReading:
    """Reads the picture, of the candidates, whose faces are where the source has its own.

    Candidates have a name each by their key: where one of another name fits about as well, and is another
    picture, none is taken.
    `seen` is what earlier images have found, and is added to: several images have the same candidates where
    a folder has the pictures of one person. Raises InternalServerError for a bucket that can't be reached.
    """
    keys = list(candidates)[:_MAX_CANDIDATES]
    if len(keys) > 1:
        fits = {key: fit for key in keys if (fit := _fit(open_picture, faces, key, seen)) is not None}
        keys = [max(fits, key=fits.__getitem__)] if fits else []
        if keys and _is_ambiguous(keys[0], fits, candidates, seen):
            return _left(image_id, faces, NotCarried.AMBIGUOUS)
    picture = open_picture(keys[0]) if keys else None
    if picture is None:
        return _left(image_id, faces, NotCarried.NO_PICTURE)
    pairs = same_boxes([face.box for face in faces], _boxes(picture))
    if not pairs:
        return _left(image_id, faces, NotCarried.NO_FACE)
    return _carried(embedder, rules, image_id, faces, picture, pairs)


def _fit(open_picture: OpenPicture, faces: Sequence[SourceFace], key: str, seen: FoundBoxes) -> float | None:
    """How well a picture's faces lie where the source's are: their mean IoU; None of no picture."""
    if key not in seen:
        picture = open_picture(key)
        seen[key] = None if picture is None else (picture.image.digest, _boxes(picture))
    found = seen[key]
    if found is None:
        return None
    return sum(one[2] for one in same_boxes([face.box for face in faces], found[1])) / len(faces)


def _is_ambiguous(
    best: str, fits: Mapping[str, float], candidates: Mapping[str, str], seen: FoundBoxes
) -> bool:
    """Whether another picture, of another name, fits about as well as the best; 0 is no fit at all."""
    return fits[best] > 0 and any(
        fit >= max(fits[best] - _MARGIN, _MARGIN)
        and candidates[key] != candidates[best]
        and _digest(seen[key]) != _digest(seen[best])
        for key, fit in fits.items()
    )


def _digest(found: tuple[str, Sequence[Box]] | None) -> str | None:
    return None if found is None else found[0]


def _boxes(picture: PictureFindings) -> list[Box]:
    return [face.box.relative_to(picture.image.width, picture.image.height) for face in picture.faces()]


def _carried(
    embedder: FaceEmbedder,
    rules: CarryingRules,
    image_id: str,
    faces: Sequence[SourceFace],
    picture: PictureFindings,
    found: Sequence[tuple[int, int, float]],
) -> ImageReading:
    here = picture.faces()
    left = {face.face_id: NotCarried.NO_FACE for face in faces}
    pairs = [(faces[row], here[column]) for row, column, _ in found]
    good = _good(rules, here, left, pairs)
    vectors = picture.embeddings(embedder, [face for _, face in good])
    width, height = picture.image.width, picture.image.height
    carried = [
        CarriedFace(
            of,
            face.box.relative_to(width, height),
            face.confidence,
            vector,
            picture.image.digest,
            cut_portrait(picture.image, face.box) if rules.has_portraits else None,
        )
        for (of, face), vector in zip(good, vectors, strict=True)
    ]
    for one in carried:
        del left[one.face.face_id]
    return ImageReading(image_id, carried, left)


def _good(
    rules: CarryingRules,
    here: Sequence[Face],
    left: dict[str, NotCarried],
    pairs: Sequence[tuple[SourceFace, Face]],
) -> list[tuple[SourceFace, Face]]:
    """Those pairs that may be enrolled; of the others `left` is told why not."""
    accepted, _ = passing_quality(here, rules.quality)
    allowed = accepted
    if rules.alone:
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
