"""Encoded pictures to pixels: JPEG and PNG, refused by their header before anything is decoded."""

from regard.vision.image.decode import decode_image, read_encoded
from regard.vision.image.picture import (
    MIN_SIDE,
    Image,
    ImageCutOff,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    UnsupportedImage,
    check_size,
)
from regard.vision.image.unread import UnreadImage

__all__ = [
    "MIN_SIDE",
    "Image",
    "ImageCutOff",
    "ImageError",
    "ImageTooLarge",
    "ImageTooSmall",
    "UnreadImage",
    "UnsupportedImage",
    "check_size",
    "decode_image",
    "read_encoded",
]
