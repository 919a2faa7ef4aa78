"""Reading the pictures of a training: some a step, each opened once and shrunk to what the network sees."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from regard.context import Context
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.placing import MAX_BYTES, MAX_SIDE, MIN_SIDE, boxes_on
from regard.errors import ImageTooLargeException, InvalidS3ObjectException
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.kept_features import KeptFeatures
from regard.vision.image import Image, ImageError, ImageTooLarge, ImageTooSmall, decode_image
from regard.vision.pixels import Floats

_MAX_RATIO: Final = 20
STEP: Final = 32
"""Pictures a step."""


class UnusableImage(Exception):
    """A picture can't be learned from."""

    def __init__(self, error: Fault) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, eq=False, slots=True)
class ReadPictures:
    """`features` (N, D) of N pictures, zeros where one is of no use; `errors` say why, by their places."""

    features: Floats
    errors: Mapping[int, Fault]


Kept = Mapping[TrainingPart, KeptFeatures]
"""What is kept of the data sets that a training reads; nothing of manifests."""


def read_pictures(
    ctx: Context, examples: Sequence[TrainingExample], done: int, kept: Kept | None = None
) -> Iterator[ReadPictures]:
    """The pictures behind the first `done`, some at a time. Raises InternalServerError while a bucket is
    away.

    A picture's features are those of its bytes, by whichever worker and in whatever company it is read. So
    they may be `kept`, to which those that are read now are added. Of a picture with boxes they are not,
    since its size must be seen again.
    """
    kept = kept or {}
    with ThreadPoolExecutor(ctx.settings.worker_count, thread_name_prefix="training") as threads:
        for begin in range(done, len(examples), STEP):
            some = examples[begin : begin + STEP]
            read = list(threads.map(partial(_read, ctx, kept), some))
            rows = np.zeros((len(some), ctx.models.features.dimension), np.float32)
            errors: dict[int, Fault] = {}
            fresh: dict[TrainingPart, dict[bytes, Floats]] = {part: {} for part in kept}
            for place, (example, one) in enumerate(zip(some, read, strict=True)):
                if isinstance(one, Fault):
                    errors[begin + place] = one
                    continue
                rows[place] = one.features
                if one.is_fresh and example.part in kept:
                    fresh[example.part][one.picture] = one.features
            for part, found in fresh.items():
                kept[part].add(found)
            yield ReadPictures(rows, errors)


@dataclass(frozen=True, eq=False, slots=True)
class _ReadPicture:
    picture: bytes  # SHA-256
    features: Floats
    is_fresh: bool


def _read(ctx: Context, kept: Kept, example: TrainingExample) -> _ReadPicture | Fault:
    try:
        data = _content(ctx, example)
        picture = hashlib.sha256(data).digest()
        known = kept[example.part].get(picture) if example.part in kept and not example.boxes else None
        if known is not None:
            return _ReadPicture(picture, known, is_fresh=False)
        features = ctx.models.features.read(_opened(data, example))
        return _ReadPicture(picture, features, is_fresh=not example.boxes)
    except UnusableImage as error:
        return error.error


def open_picture(ctx: Context, example: TrainingExample) -> Image:
    """The picture of an example, upright. Raises UnusableImage, and InternalServerError while its bucket is
    away.
    """
    return _opened(_content(ctx, example), example)


def open_again(ctx: Context, example: TrainingExample) -> Image:
    """The same of an example whose picture was of use before. Raises InvalidS3ObjectException where it is
    gone since then.
    """
    try:
        return open_picture(ctx, example)
    except UnusableImage as error:
        raise InvalidS3ObjectException(
            f"{example.reference} was removed or replaced while the training went on; train again."
        ) from error


def _content(ctx: Context, example: TrainingExample) -> bytes:
    try:
        return ctx.stores.objects.read(example.bucket, example.key, None, limit=MAX_BYTES)
    except (ImageTooLargeException, InvalidS3ObjectException) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE)) from error


def _opened(data: bytes, example: TrainingExample) -> Image:
    try:
        image = decode_image(data, min_side=MIN_SIDE, max_side=MAX_SIDE)
    except (ImageTooLarge, ImageTooSmall) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION)) from error
    except ImageError as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE)) from error
    if max(image.width, image.height) > _MAX_RATIO * min(image.width, image.height):
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    if example.boxes and boxes_on(example.entry, image.width, image.height) is None:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    return image
