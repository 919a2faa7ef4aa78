"""Follows the one face of an attempt from frame to frame, cheaply enough to do it while the video comes in.

Every third frame is searched for faces (BlazeFace) and has its mesh fitted; colours are read in every frame,
at the last known place of the face.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image as Pillow

from regard.vision.faces.alignment import chip_maps
from regard.vision.faces.analyzer import FaceAnalyzer
from regard.vision.faces.appearance import CHIP, measure_quality
from regard.vision.faces.blazeface import BlazeFace, Sightings
from regard.vision.faces.mesh import FaceMesh
from regard.vision.faces.pose import estimate_poses
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.liveness.seen_frames import KeptPicture, SeenFrame, SeenVideo
from regard.vision.liveness.skin import read_colours
from regard.vision.pixels import Floats, Pixels
from regard.vision.runner import Runner

EVERY = 3  # frames from one search to the next
_SECOND_FACE = 0.3  # of the followed face's side, that another face has to count
_FOUND = 0.6  # BlazeFace's score from which a face counts
HELD = 0.5  # the mesh's own score from which its face is followed on
_APART = 1_000.0  # ms: of each such stretch of the video the best picture is kept
_QUALITY = 95
_DARK = 60.0  # grey level under which a face is worth less
# Of the mesh, where MTCNN puts its landmarks: corners of the eyes, tip of the nose, corners of the mouth.
_EYES, _NOSE, _MOUTH = ((33, 133), (362, 263)), 1, (61, 291)
_NOTHING = np.full(3, np.nan, np.float32)


def landmarks_of_mesh(points: Floats) -> Floats:
    """(5, 2), px, in the order of `Face.landmarks`, of a mesh (468, 2), px."""
    eyes = [points[list(pair)].mean(0) for pair in _EYES]
    return np.array([*eyes, points[_NOSE], *(points[at] for at in _MOUTH)], np.float32)


def box_of_mesh(points: Floats) -> Box:
    """The box around a mesh (468, 2), in its unit."""
    low, high = points.min(0).tolist(), points.max(0).tolist()
    return Box.between(low[0], low[1], high[0], high[1])


class AttemptWatch:
    """One attempt's video as it is seen, frame by frame. Memory is a few kB a frame and a picture a second.

    Not for several threads at a time.
    """

    def __init__(self, runner: Runner, *, counts_faces: bool = True) -> None:
        """`counts_faces`: whether faces are searched for while one is followed, only to count them: movement
        needs that, light doesn't."""
        self._counts_faces = counts_faces
        self._blazeface, self._mesh = BlazeFace(runner), FaceMesh(runner)
        self._analyzer = FaceAnalyzer(runner)
        self._frames: list[SeenFrame] = []
        self._pictures: dict[int, KeptPicture] = {}
        self._landmarks: Floats | None = None
        self._size = (0, 0)

    def see(self, pixels: Pixels, time: float) -> None:
        """The next frame (height, width, 3), uint8, RGB, shown `time` ms after the first."""
        image = Image(pixels, "")
        self._size = (image.width, image.height)
        count: int | None = None
        points: Floats | None = None
        if len(self._frames) % EVERY == 0:
            count, points = self._search(image)
            if points is not None:
                self._keep(image, points, time)
        face, beside, surround, clipped = _NOTHING, _NOTHING, _NOTHING, 0.0
        if self._landmarks is not None:
            face, beside, surround, clipped = read_colours(image.copies, self._landmarks)
        self._frames.append(SeenFrame(time, count, points, face, beside, surround, clipped))

    def seen(self) -> SeenVideo:
        """All of it so far."""
        width, height = self._size
        pictures = tuple(self._pictures[at] for at in sorted(self._pictures))
        return SeenVideo(width, height, tuple(self._frames), pictures)

    def _search(self, image: Image) -> tuple[int | None, Floats | None]:
        """How many faces there are, None where nobody counted, and the mesh (468, 2) of the one that is
        followed: where it was, else where a detector finds one."""
        points = None if self._landmarks is None else self._fitted(image, self._landmarks)
        count: int | None = None
        if points is None or self._counts_faces:
            found = self._blazeface.detect(image.copies, _FOUND)
            if points is None and len(found.boxes):
                points = self._found_anew(image)
            count = self._counted(found, points)
        self._landmarks = None if points is None else landmarks_of_mesh(points)
        return count, points

    def _found_anew(self, image: Image) -> Floats | None:
        """The mesh of the largest face, by a detector that gives landmarks."""
        longer = max(image.width, image.height)
        faces = self._analyzer.detect_upright(image, longer=longer, limit=1)
        return self._fitted(image, faces[0].landmarks) if faces else None

    def _fitted(self, image: Image, landmarks: Floats) -> Floats | None:
        points, scores = self._mesh.surface(image.copies, landmarks[None])
        return points[0, :, :2] if scores[0] >= HELD else None

    @staticmethod
    def _counted(found: Sightings, points: Floats | None) -> int:
        if not len(found.boxes):
            return int(points is not None)
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).min(1)
        return int((sides >= _SECOND_FACE * sides.max()).sum())

    def _keep(self, image: Image, points: Floats, time: float) -> None:
        landmarks = landmarks_of_mesh(points)
        worth = _worth(image, landmarks)
        stretch = int(time // _APART)
        kept = self._pictures.get(stretch)
        if kept is None or worth > kept.worth:
            self._pictures[stretch] = KeptPicture(
                time, encoded(image.pixels, _QUALITY), box_of_mesh(points), landmarks, worth
            )


def encoded(pixels: Pixels, quality: int) -> bytes:
    """A picture (height, width, 3), RGB, as a JPEG without metadata."""
    out = io.BytesIO()
    Pillow.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _worth(image: Image, landmarks: Floats) -> float:
    """How good a picture is of a face: sharp, frontal, level, 0 to 100 or so."""
    chip = image.copies.cut(chip_maps(landmarks[None], CHIP, 0.0), CHIP)
    pose = estimate_poses(landmarks[None])[0]
    grey = cv2.cvtColor(chip[0], cv2.COLOR_RGB2GRAY)
    dark = max(0.0, 60.0 - float(grey.mean()))
    return (
        measure_quality(chip)[0].sharpness - abs(pose.yaw) - abs(pose.pitch) / 2 - abs(pose.roll) / 2 - dark
    )
