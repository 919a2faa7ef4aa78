"""The reference image, for comparison and search, and the audit images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.vision.geometry import Box
from regard.vision.image import Image, decode_image
from regard.vision.liveness.attempt_watch import encoded
from regard.vision.liveness.seen_frames import KeptPicture, SeenVideo
from regard.vision.pixels import resize

MAX_BYTES = 204_800
MAX_AUDIT_IMAGES = 4
_LARGEST = 8192  # px of a side
_QUALITIES = (90, 80, 65)
_WORTH_OF_SIZE = 40.0  # what a face counts that fills the picture's width, beside sharpness and pose


@dataclass(frozen=True, slots=True)
class EncodedFace:
    """A JPEG of at most 204,800 bytes, and the face's box in fractions of its sides."""

    jpeg: bytes
    box: Box


def reference_image(seen: SeenVideo, *, before: float) -> EncodedFace | None:
    """The sharpest frontal picture that was taken up to `before`, ms of the video: colours of the screen harm
    what is compared later. None where there is no face until then."""
    fit = [picture for picture in seen.pictures if picture.time <= before]
    if not fit:
        return None
    return _encoded_face(max(fit, key=lambda one: one.worth + _WORTH_OF_SIZE * one.box.width / seen.width))


def audit_images(seen: SeenVideo, limit: int) -> tuple[EncodedFace, ...]:
    """Up to `limit` pictures spread over the video, four at most."""
    count = min(limit, MAX_AUDIT_IMAGES, len(seen.pictures))
    places = sorted({round(at) for at in np.linspace(0, len(seen.pictures) - 1, count)}) if count else []
    return tuple(_encoded_face(seen.pictures[at]) for at in places)


def _encoded_face(picture: KeptPicture) -> EncodedFace:
    image = decode_image(picture.jpeg, max_side=_LARGEST, max_pixels=_LARGEST**2)
    box = picture.box.clipped(image.width, image.height).relative_to(image.width, image.height)
    return EncodedFace(_small_enough(image, picture.jpeg), box)


def _small_enough(image: Image, jpeg: bytes) -> bytes:
    pixels = image.pixels
    while len(jpeg) > MAX_BYTES:
        for quality in _QUALITIES:
            jpeg = encoded(pixels, quality)
            if len(jpeg) <= MAX_BYTES:
                return jpeg
        pixels = resize(pixels, max(1, pixels.shape[1] * 3 // 4), max(1, pixels.shape[0] * 3 // 4))
    return jpeg
