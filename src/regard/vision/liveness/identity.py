"""Whether it is one person from the beginning to the end: a gate, by the face model's embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.vision.faces import Face, FaceAnalyzer, Quality
from regard.vision.faces.embedding import FaceEmbedder
from regard.vision.faces.pose import estimate_poses
from regard.vision.image import Image, decode_image
from regard.vision.liveness.seen_frames import KeptPicture, SeenVideo
from regard.vision.pixels import Floats

_LARGEST = 4096  # px of a side
_COMPARED = 3  # pictures: of the beginning, the middle and the end


@dataclass(frozen=True, slots=True)
class SamePersonRule:
    """`embedder` makes vectors of faces, which are one person's up to `max_distance` (Euclidean)."""

    embedder: FaceEmbedder
    max_distance: float


@dataclass(frozen=True, slots=True)
class IdentityFindings:
    """`distance`: the largest of the distances between faces of the beginning, the middle and the end; None
    where fewer than two pictures have a face."""

    distance: float | None
    max_distance: float

    @property
    def passes(self) -> bool:
        """Whether all are one person's."""
        return self.distance is not None and self.distance <= self.max_distance


def compare_ends(seen: SeenVideo, analyzer: FaceAnalyzer, rule: SamePersonRule) -> IdentityFindings:
    """Embeds the faces of up to three pictures that were kept."""
    chosen = spread_pictures(seen.pictures)
    if len(chosen) < 2:
        return IdentityFindings(None, rule.max_distance)
    vectors = np.concatenate([_embed(picture, analyzer, rule.embedder) for picture in chosen])
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    return IdentityFindings(float(apart.max()), rule.max_distance)


def spread_pictures(pictures: tuple[KeptPicture, ...]) -> list[KeptPicture]:
    """Up to three pictures: of the beginning, the middle and the end."""
    places = {round(at) for at in np.linspace(0, len(pictures) - 1, min(_COMPARED, len(pictures)))}
    return [pictures[at] for at in sorted(places)]


def _embed(picture: KeptPicture, analyzer: FaceAnalyzer, embedder: FaceEmbedder) -> Floats:
    image, face = face_of(picture)
    return embedder.embed(analyzer.descriptors(image), [face])


def face_of(picture: KeptPicture) -> tuple[Image, Face]:
    """A picture that was kept, and the face that is followed in it."""
    image = decode_image(picture.jpeg, max_side=_LARGEST, max_pixels=_LARGEST**2)
    pose = estimate_poses(picture.landmarks[None])[0]
    return image, Face(picture.box, 100.0, picture.landmarks, pose, Quality(100.0, 100.0))
