"""People Pathing: the way of each person through a stored video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regard.context import Context
from regard.jobs.records import Item
from regard.operations.face_shapes import face_detail
from regard.operations.video.tracked import Moments, key_of
from regard.video.frame_looks import FrameLooks
from regard.video.sweep import Sample
from regard.video.tracks import Tracker
from regard.vision.body_parts import corners
from regard.vision.people import owners_of


class PersonAnalysis:
    """StartPersonTracking's."""

    interval, follows = 250, True

    def __init__(self, ctx: Context) -> None:
        self._looks = ctx.models.person_looks
        self._tracker = Tracker()
        self._moments = Moments()
        self.facts: dict[str, Any] = {}

    def prepare(self, looks: FrameLooks) -> None:
        looks.things()
        looks.faces(looks.frame)

    def look(self, sample: Sample) -> Sequence[Item]:
        looks, at = sample.looks, sample.frame.timestamp
        if sample.cut:
            self._tracker.cut()
        found = looks.things().persons()
        ids = self._tracker.update(
            at,
            found.boxes,
            found.chances,
            lambda rows: self._looks.look(looks.frame.pixels, found.boxes[rows]),
        ).tolist()
        shapes = self._shapes(looks, found.boxes)
        known = self._moments.add(at, ids, shapes, self._tracker.named)
        return [_item(*moment) for moment in known]

    def finish(self) -> Sequence[Item]:
        return []

    def state(self) -> dict[str, Any]:
        return {"tracker": self._tracker.state(), "moments": self._moments.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._tracker = Tracker.restore(state["tracker"])
        self._moments = Moments.restore(state["moments"])

    @staticmethod
    def _shapes(looks: FrameLooks, boxes: np.ndarray[Any, np.dtype[np.float64]]) -> list[dict[str, Any]]:
        """A PersonDetail of each box, without its index; with the face that is seen in it."""
        image, faces = looks.frame, looks.faces(looks.frame)
        owners = owners_of(boxes.astype(np.float32), corners([face.box for face in faces]))
        owned = {owner: faces[row] for row, owner in enumerate(owners) if owner >= 0}
        shapes = []
        for row, (left, top, right, bottom) in enumerate(boxes.tolist()):
            shape: dict[str, Any] = {
                "BoundingBox": {
                    "Width": (right - left) / image.width,
                    "Height": (bottom - top) / image.height,
                    "Left": left / image.width,
                    "Top": top / image.height,
                }
            }
            if row in owned:
                shape["Face"] = face_detail(owned[row], image)
            shapes.append(shape)
        return shapes


def _item(at: int, number: int, shape: dict[str, Any]) -> Item:
    return Item(at, key_of(number), {"Timestamp": at, "Person": {"Index": number, **shape}})
