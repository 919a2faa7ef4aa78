"""Whether one face, and only one, came from afar into the oval: a gate, measured in the video alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from regard.vision.geometry import Box, corners, iou
from regard.vision.liveness.attempt_watch import box_of_mesh, landmarks_of_mesh
from regard.vision.liveness.challenge import Challenge
from regard.vision.liveness.seen_frames import SeenFrame, SeenVideo
from regard.vision.pixels import Floats

MIN_GROWTH = 1.35
"""How much larger the eyes' distance is at the end than at the beginning, as a factor."""
MIN_IOU = 0.5
"""Of the face and the oval at the end."""
MAX_GAP = 600.0
"""ms for which the face may be lost."""
_JUMP = 0.6  # of the face's width, from one fitted frame to the next
_LOST, _CROWDED = 2, 2  # searched frames without a face, or with several, that are forgiven
_END = 0.15  # of the video, from its end and beginning, that sizes are measured in
_BROW_TO_TOP = 0.25  # of the mesh's height that a head goes on above the brow, as the component's box does


@dataclass(frozen=True, slots=True)
class MovementFindings:
    """What the video shows of the movement. `growth`: a factor; `oval_iou`, 0 to 1: the best of the video's
    second half; `longest_gap`: ms; `crowded`: searched frames with several faces; `jumps`: steps of the face
    that no head makes."""

    growth: float
    oval_iou: float
    longest_gap: float
    crowded: int
    jumps: int

    @property
    def is_one_track(self) -> bool:
        """One face throughout, in one continuous movement."""
        return self.longest_gap <= MAX_GAP and self.crowded <= _CROWDED and not self.jumps

    @property
    def passes(self) -> bool:
        """Whether that is what was asked for."""
        return self.is_one_track and self.growth >= MIN_GROWTH and self.oval_iou >= MIN_IOU


def observe_movement(seen: SeenVideo, challenge: Challenge) -> MovementFindings:
    """Of a video in which at least one frame has a mesh."""
    fitted = seen.fitted
    spans = np.array([_eye_distance(frame) for frame in fitted])
    few = max(1, round(len(fitted) * _END))
    growth = float(np.median(spans[-few:]) / max(np.median(spans[:few]), 1e-6))
    oval = _oval_box(challenge, seen)
    later = fitted[len(fitted) // 2 :]
    heads = corners([head_box(frame.points) for frame in later if frame.points is not None])
    ious = iou(heads, corners([oval]))
    times = [0.0, *(frame.time for frame in fitted), seen.frames[-1].time]
    gap = max(later - earlier for earlier, later in pairwise(times))
    crowded = sum(frame.face_count is not None and frame.face_count > 1 for frame in seen.frames)
    jumps = sum(_jumped(one, other) for one, other in pairwise(fitted))
    return MovementFindings(growth, float(np.quantile(ious, 0.9)), gap, crowded, jumps)


def head_box(points: Floats) -> Box:
    """What the component takes for the face, of a mesh (468, 2): from the crown to the chin."""
    box = box_of_mesh(points)
    more = _BROW_TO_TOP * box.height
    return Box(box.left, box.top - more, box.width, box.height + more)


def _eye_distance(frame: SeenFrame) -> float:
    if frame.points is None:
        raise ValueError("the frame has no mesh")
    landmarks = landmarks_of_mesh(frame.points)
    return float(np.linalg.norm(landmarks[1] - landmarks[0]))


def _oval_box(challenge: Challenge, seen: SeenVideo) -> Box:
    """The oval's box, px of the video as it came, which may be of another size than the client said."""
    oval = challenge.oval
    across, down = seen.width / challenge.video_width, seen.height / challenge.video_height
    return Box(
        (oval.center_x - oval.width / 2) * across,
        (oval.center_y - oval.height / 2) * down,
        oval.width * across,
        oval.height * down,
    )


def _jumped(one: SeenFrame, other: SeenFrame) -> bool:
    if one.points is None or other.points is None or other.time - one.time > MAX_GAP:
        return False
    before, after = box_of_mesh(one.points), box_of_mesh(other.points)
    aside = abs(before.left + before.width / 2 - after.left - after.width / 2)
    down = abs(before.top + before.height / 2 - after.top - after.height / 2)
    return max(aside, down) > _JUMP * max(before.width, after.width)
