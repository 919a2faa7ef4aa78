"""Pictures of people, as presentations are rendered from them."""

from __future__ import annotations

from regard.evaluation.liveness.scenes import PortraitSource
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.mesh import FaceMesh
from regard.vision.image import decode_image
from regard.vision.liveness.attempt_watch import box_of_mesh
from regard.vision.runner import Runner

_LARGEST = 8192  # px of a side


def read_portrait(data: bytes, runner: Runner) -> PortraitSource | None:
    """The largest face of a JPEG or PNG; None where it shows none. Raises ImageError."""
    image = decode_image(data, max_side=_LARGEST, max_pixels=_LARGEST**2)
    faces = FaceAnalyzer(runner).detect(image)
    if not faces:
        return None
    points, _ = FaceMesh(runner).surface(image.copies, faces[0].landmarks[None])
    return PortraitSource(image.pixels, box_of_mesh(points[0, :, :2]))
