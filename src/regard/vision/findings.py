"""What the models find in a picture, kept while the picture is worked on, so that nothing is found twice."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces import Face
from regard.vision.faces.attributes import Attributes
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.faces.embedding import FaceEmbedder
from regard.vision.image import MIN_SIDE, Image, UnreadImage, check_size, decode_image
from regard.vision.kept import Kept
from regard.vision.labels import Label
from regard.vision.labels.objects import FoundClass, ObjectCandidates, letterboxed
from regard.vision.models import Models
from regard.vision.nudity import NudityFinding
from regard.vision.persons import FoundPersons, find_persons
from regard.vision.pixels import Floats
from regard.vision.protective import EquippedPerson
from regard.vision.sent_findings import SentFindings, SentPicture
from regard.vision.text import Line

T = TypeVar("T")


def _once(find: Callable[[PictureFindings], T]) -> Callable[[PictureFindings], T]:
    """A method whose answer is kept. What it raises is not."""
    name = find.__name__

    @wraps(find)
    def found(self: PictureFindings) -> T:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = find(self)
            kept: T = self._kept[name]
            return kept

    return found


class PictureFindings:
    """What `models` find in `image`, each finding made when it is first asked for, and once.

    All places are in pixels of the upright picture. Threads may share it; one of them finds at a time.
    """

    def __init__(self, image: Image, models: Models) -> None:
        self.image = image
        self._models = models
        self._lock = threading.RLock()
        self._kept: dict[str, Any] = {}
        self._attributes: Kept[Face, Attributes] = Kept()
        self._embeddings: dict[FaceEmbedder, Kept[Face, Floats]] = {}
        self._appearances: Kept[int, Floats] = Kept()

    def sent(self, names: Iterable[str], embedders: Mapping[str, FaceEmbedder]) -> SentFindings:
        """What was found so far by the methods of these `names`, and of faces and persons what was asked for;
        of embeddings those of `embedders`, by the versions of their face models.
        """
        with self._lock:
            return SentFindings(
                {name: self._kept[name] for name in names if name in self._kept},
                self._attributes.all(),
                {
                    version: self._embeddings[one].all()
                    for version, one in embedders.items()
                    if one in self._embeddings
                },
                self._appearances.all(),
            )

    @classmethod
    def received(
        cls, sent: SentFindings, image: Image, models: Models, embedders: Mapping[str, FaceEmbedder]
    ) -> PictureFindings:
        """Findings of `image` that another machine has made; what it hasn't is found here."""
        findings = cls(image, models)
        findings._kept.update(sent.kept)
        findings._attributes = Kept.filled(sent.attributes)
        findings._appearances = Kept.filled(sent.appearances)
        findings._embeddings = {
            embedders[version]: Kept.filled(found) for version, found in sent.embeddings.items()
        }
        return findings

    @_once
    def faces(self) -> Sequence[Face]:
        """The faces, the largest first, at most 100."""
        return tuple(self._models.faces.detect(self.image))

    def attributes(self, faces: Sequence[Face] | None = None) -> list[Attributes]:
        """The attributes of these of its `faces()`, in their order; of all where none are named."""
        with self._lock:
            return self._attributes.of(self.faces() if faces is None else faces, self._describe)

    def embeddings(self, embedder: FaceEmbedder, faces: Sequence[Face] | None = None) -> Floats:
        """(K, D), float32: one embedder's vectors of these of its `faces()`, in their order; of all where
        none are named. The Euclidean distance of two tells how alike the faces are.
        """
        with self._lock:
            kept = self._embeddings.setdefault(embedder, Kept())
            rows = kept.of(
                self.faces() if faces is None else faces,
                lambda some: embedder.embed(self._descriptors(), some),
            )
        return np.array(rows, np.float32).reshape(-1, embedder.dimension)

    @_once
    def objects(self) -> Sequence[FoundClass]:
        """The classes of COCO that it may show, with their instances, in COCO's order."""
        return self._models.objects.classes(self._candidates(), self.image.width, self.image.height)

    @_once
    def persons(self) -> FoundPersons:
        """The persons, the unsure ones too, the most probable first."""
        return find_persons(self._candidates(), self.image.width, self.image.height)

    def person_embeddings(self, rows: NDArray[np.intp]) -> Floats:
        """(K, D), float32, unit length: the appearances of these K of its `persons()`. Their cosine tells how
        alike two are.
        """
        with self._lock:
            found = self._appearances.of(rows.tolist(), self._embed_persons)
        return np.array(found, np.float32).reshape(-1, self._models.persons.dimension)

    @_once
    def labels(self) -> Sequence[Label]:
        """What it shows, the most certain first."""
        return self._models.labels.label(self.image, self.faces(), self.objects())

    @_once
    def features(self) -> Floats:
        """(1280,), float32: what custom labels are told from."""
        return self._models.features.read(self.image)

    @_once
    def cells(self) -> Floats:
        """(740, 4096), float32: what boxes of custom labels are told from."""
        return self._models.cells.read(letterboxed(self.image.pixels)[0])

    @_once
    def text(self) -> Sequence[Line]:
        """The lines of text, in reading order."""
        return self._models.text.read(self.image)

    @_once
    def nudity(self) -> Sequence[NudityFinding]:
        """Nudity and swimwear, the surest first. Raises PackError where a network is damaged."""
        return self._models.nudity.detect(self.image, self.faces)

    @_once
    def equipped_persons(self) -> Sequence[EquippedPerson]:
        """The persons with what protects them, the largest first, at most 15."""
        return self._models.protective.detect(self.image, self.faces(), self.objects())

    @_once
    def _descriptors(self) -> FaceDescriptors:
        return self._models.faces.descriptors(self.image)

    @_once
    def _candidates(self) -> ObjectCandidates:
        return self._models.objects.find(self.image.pixels)

    def _describe(self, faces: Sequence[Face]) -> Iterable[Attributes]:
        return self._models.faces.describe(self.image, faces, self._descriptors())

    def _embed_persons(self, rows: Sequence[int]) -> Iterable[Floats]:
        return self._models.persons.embed(self.image.pixels, self.persons().boxes[list(rows)])


class Pictures:
    """Pictures by the SHA-256 of their bytes, and what is found in each.

    A request has one of its own; several requests about one picture may share one. Every picture that is
    opened is kept, for as long as this is. Threads may share it.
    """

    def __init__(
        self,
        models: Models,
        received: Iterable[SentPicture] = (),
        embedders: Mapping[str, FaceEmbedder] | None = None,
    ) -> None:
        """`received`: what other machines have found in pictures that may be opened; it isn't found again.
        `embedders`, by the versions of their face models, are those of its embeddings.
        """
        self._models = models
        self._received = {one.digest: one for one in received}
        self._embedders = embedders or {}
        self._lock = threading.Lock()
        self._kept: dict[str, PictureFindings] = {}
        self._read: dict[Hashable, bytes] = {}

    def content(self, place: Hashable, read: Callable[[], bytes]) -> bytes:
        """What `read` answered when it was first asked for this place: a file may be replaced meanwhile."""
        with self._lock:
            if place not in self._read:
                self._read[place] = read()
            return self._read[place]

    def open(
        self, data: bytes, *, max_side: int, max_pixels: int, min_side: int = MIN_SIDE
    ) -> PictureFindings:
        """The picture in `data`, decoded once. Raises ImageError, as `decode_image` does.

        The limits, in pixels, hold for each who asks, though others may have asked with wider ones.
        """
        limits = {"max_side": max_side, "max_pixels": max_pixels, "min_side": min_side}
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = self._found(data, digest, limits)
            picture = self._kept[digest]
        check_size(picture.image.width, picture.image.height, **limits)
        return picture

    @property
    def has_opened(self) -> bool:
        """Whether a picture was opened so far."""
        return bool(self._kept)

    def _found(self, data: bytes, digest: str, limits: Mapping[str, int]) -> PictureFindings:
        def decode() -> Image:
            with self._models.decoding.measure():
                return decode_image(data, digest=digest, **limits)

        sent = self._received.get(digest)
        if sent is None:
            return PictureFindings(decode(), self._models)
        image = UnreadImage(sent.width, sent.height, decode, digest=digest, encoded_size=sent.encoded_size)
        return PictureFindings.received(sent.findings, image, self._models, self._embedders)
