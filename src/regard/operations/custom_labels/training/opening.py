"""Opening pictures of a training: the bytes in a bucket, decoded, or why they can't be learned from."""

from __future__ import annotations

from typing import Final

from regard.context import Context
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.placing import MAX_BYTES, MAX_SIDE, MIN_SIDE, boxes_on
from regard.errors import ImageTooLargeException, InvalidS3ObjectException
from regard.operations.custom_labels.training.examples import TrainingExample
from regard.storage.buckets.objects import ObjectStore
from regard.vision.image import Image, ImageError, ImageTooLarge, ImageTooSmall, decode_image

_MAX_RATIO: Final = 20


class UnusableImage(Exception):
    """A picture can't be learned from."""

    def __init__(self, error: Fault) -> None:
        super().__init__(error.message)
        self.error = error


def open_picture(ctx: Context, example: TrainingExample) -> Image:
    """The picture of an example, upright. Raises UnusableImage, and InternalServerError while its bucket is
    away.
    """
    image = open_content(read_content(ctx.stores.objects, example.bucket, example.key))
    if not has_boxes_on(example, image.width, image.height):
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    return image


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


def read_content(objects: ObjectStore, bucket: str, key: str) -> bytes:
    """The bytes of a picture. Raises as `open_picture` does."""
    try:
        return objects.read(bucket, key, None, limit=MAX_BYTES)
    except (ImageTooLargeException, InvalidS3ObjectException) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE)) from error


def open_content(data: bytes) -> Image:
    """The picture in `data`, upright, whatever is to be learned from it. Raises UnusableImage."""
    try:
        image = decode_image(data, min_side=MIN_SIDE, max_side=MAX_SIDE)
    except (ImageTooLarge, ImageTooSmall) as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION)) from error
    except ImageError as error:
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE)) from error
    if max(image.width, image.height) > _MAX_RATIO * min(image.width, image.height):
        raise UnusableImage(Fault.of(FaultCode.INVALID_IMAGE_DIMENSION))
    return image


def has_boxes_on(example: TrainingExample, width: int, height: int) -> bool:
    """Whether the boxes of an example fit a picture of so many px; those of one without any do."""
    return not example.boxes or boxes_on(example.entry, width, height) is not None
