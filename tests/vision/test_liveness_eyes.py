"""Whoever keeps their eyes closed is told so; whoever blinks isn't."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from regard.packs.install import InstalledPack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.liveness.eyes import are_eyes_closed
from regard.vision.liveness.seen_frames import KeptPicture, SeenVideo
from regard.vision.pixels import Pixels
from regard.vision.session import SessionPool

# Around an eye, and a place on the cheek under it, in MediaPipe's numbering.
_EYES = (
    ((33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246), 50),
    ((263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466), 280),
)


def with_lids(pixels: Pixels, mesh: np.ndarray) -> Pixels:
    """The face with eyelids painted over its eyes, of the cheeks' colour, and lashes under them."""
    painted = pixels.copy()
    for around, cheek in _EYES:
        points = mesh[list(around), :2]
        middle = points.mean(0)
        lid = (middle + (points - middle) * np.array([1.25, 1.9])).astype(np.int32)
        x, y = (int(value) for value in mesh[cheek, :2])
        skin = painted[y - 3 : y + 3, x - 3 : x + 3].reshape(-1, 3).mean(0) * 0.92
        cv2.fillConvexPoly(painted, cv2.convexHull(lid), skin.tolist())
        lashes = (points[:9] + np.array([0, 1])).astype(np.int32)
        cv2.polylines(painted, [lashes], False, (60, 35, 30), 2)
    return cv2.GaussianBlur(painted, (0, 0), 0.8)


def test_eyes_that_are_closed_throughout_are_told_and_a_blink_is_not(
    installed_pack: InstalledPack, portrait: Path
) -> None:
    analyzer = FaceAnalyzer(SessionPool(installed_pack.paths()))
    image = decode_image(portrait.read_bytes(), max_side=8192, max_pixels=8192**2)
    [face] = analyzer.detect_upright(image, longer=max(image.width, image.height), limit=1)
    [attributes] = analyzer.describe(image, [face])
    closed = with_lids(image.pixels, attributes.mesh)

    def seen(*shown: Pixels) -> SeenVideo:
        pictures = []
        for number, pixels in enumerate(shown):
            out = io.BytesIO()
            Pillow.fromarray(pixels).save(out, "JPEG", quality=95)
            pictures.append(KeptPicture(number, out.getvalue(), face.box, face.landmarks, 1.0))
        return SeenVideo(image.width, image.height, (), tuple(pictures))

    assert are_eyes_closed(seen(closed, closed, closed), analyzer)
    assert not are_eyes_closed(seen(closed, image.pixels, closed), analyzer)
    assert not are_eyes_closed(seen(), analyzer)
