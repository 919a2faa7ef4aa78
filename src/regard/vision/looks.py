"""What was found in a picture, kept while it is worked on, so that nothing is decoded or looked for twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.attributes import Attributes
from regard.vision.faces.embedding import FaceReadings
from regard.vision.image import MIN_SIDE, Image, check_size, decode_image
from regard.vision.labels import LabelDetector
from regard.vision.labels.objects import FoundClass
from regard.vision.nudity import Found, NudityDetector

_Finding = TypeVar("_Finding")


class Looks:
    """Pictures by the SHA-256 of their bytes, and what the models said of each.

    A request has one of its own; several about the same picture may have one together. It keeps every picture
    that it is shown, so it lasts no longer than they do. For one thread. What a look raises is not kept.
    """

    def __init__(self, faces: FaceAnalyzer, labels: LabelDetector, nudity: NudityDetector) -> None:
        self._faces = faces
        self._labels = labels
        self._nudity = nudity
        self._kept: dict[tuple[str, str], Any] = {}

    def image(self, data: bytes, *, max_side: int, max_pixels: int, min_side: int = MIN_SIDE) -> Image:
        """The picture in `data`, as `decode_image` gives it. Raises ImageError.

        The limits hold for each who asks, though others may have asked with wider ones.
        """
        digest = hashlib.sha256(data).hexdigest()
        limits = {"max_side": max_side, "max_pixels": max_pixels, "min_side": min_side}
        image = self._once("image", digest, lambda: decode_image(data, digest=digest, **limits))
        check_size(*(image.encoded_size or (image.width, image.height)), **limits)
        return image

    def faces(self, image: Image) -> list[Face]:
        """Its faces, largest first, at most 100."""
        return self._once("faces", image.digest, lambda: self._faces.detect(image))

    def readings(self, image: Image) -> FaceReadings | None:
        """What embedding and describing `faces` both need; None where there is no face."""
        return self._once("readings", image.digest, lambda: self._faces.read(image, self.faces(image)))

    def attributes(self, image: Image) -> list[Attributes]:
        """Those of each of `faces`."""
        return self._once(
            "attributes",
            image.digest,
            lambda: self._faces.describe(image, self.faces(image), self.readings(image)),
        )

    def objects(self, image: Image) -> list[FoundClass]:
        """The classes of COCO in it, with their instances."""
        return self._once("objects", image.digest, lambda: self._labels.find_objects(image))

    def nudity(self, image: Image) -> list[Found]:
        """Nudity and swimwear. Raises what the runner raises where that network isn't there."""
        return self._once(
            "nudity", image.digest, lambda: self._nudity.detect(image, find_faces=lambda: self.faces(image))
        )

    def _once(self, what: str, digest: str, look: Callable[[], _Finding]) -> _Finding:
        key = (what, digest)
        if key not in self._kept:
            self._kept[key] = look()
        found: _Finding = self._kept[key]
        return found
