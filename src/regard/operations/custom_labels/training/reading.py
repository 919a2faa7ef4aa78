"""Reading the pictures of a training: some a step, each opened once and shrunk to what the network sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from regard.context import Context
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.placing import MAX_BYTES, MAX_SIDE, MIN_SIDE, boxes_on
from regard.errors import ImageTooLargeException, InvalidS3ObjectException
from regard.operations.custom_labels.training.examples import TrainingExample
from regard.vision.image import Image, ImageError, ImageTooLarge, ImageTooSmall, decode_image
from regard.vision.pixels import Floats

_MAX_RATIO: Final = 20
STEP: Final = 32
"""Pictures a step."""
_TOGETHER: Final = 4  # pictures that a thread is given: always the same ones, so that features are the same


class UnusableImage(Exception):
    """A picture can't be learned from."""

    def __init__(self, error: Fault) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, eq=False, slots=True)
class ReadPictures:
    """`features` (N, D) of N pictures, zeros where one is of no use; `errors` say why, by their places."""

    features: Floats
    errors: dict[int, Fault]


def read_pictures(ctx: Context, examples: Sequence[TrainingExample], done: int) -> Iterator[ReadPictures]:
    """The pictures behind the first `done`, some at a time. Raises InternalServerError while a bucket is
    away.
    """
    with ThreadPoolExecutor(ctx.settings.worker_count, thread_name_prefix="training") as threads:
        for begin in range(done, len(examples), STEP):
            some = examples[begin : begin + STEP]
            shares = [some[place : place + _TOGETHER] for place in range(0, len(some), _TOGETHER)]
            read = list(threads.map(partial(_read_share, ctx), shares))
            errors = {
                begin + number * _TOGETHER + place: error
                for number, share in enumerate(read)
                for place, error in share.errors.items()
            }
            yield ReadPictures(np.concatenate([share.features for share in read]), errors)


def _read_share(ctx: Context, examples: Sequence[TrainingExample]) -> ReadPictures:
    errors: dict[int, Fault] = {}

    def opened() -> Iterator[Image]:
        for place, one in enumerate(examples):
            try:
                yield open_picture(ctx, one)
            except UnusableImage as error:
                errors[place] = error.error

    read = ctx.models.features.read_all(opened())
    features = np.zeros((len(examples), ctx.models.features.dimension), np.float32)
    features[[place for place in range(len(examples)) if place not in errors]] = read
    return ReadPictures(features, errors)


def open_picture(ctx: Context, example: TrainingExample) -> Image:
    """The picture of an example, upright. Raises UnusableImage, and InternalServerError while its bucket is
    away.
    """
    try:
        data = ctx.stores.objects.read(example.bucket, example.key, None, limit=MAX_BYTES)
        image = decode_image(data, min_side=MIN_SIDE, max_side=MAX_SIDE)
    except (ImageTooLarge, ImageTooSmall) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION)) from error
    except (ImageError, ImageTooLargeException, InvalidS3ObjectException) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE)) from error
    if max(image.width, image.height) > _MAX_RATIO * min(image.width, image.height):
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    if example.boxes and boxes_on(example.entry, image.width, image.height) is None:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    return image
