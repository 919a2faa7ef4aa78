"""People Pathing: the way of each person through a stored video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regard.jobs.records import Item
from regard.operations.shapes.boxes import bounding_box_in
from regard.operations.shapes.faces import face_detail
from regard.operations.stored_video.tracked import Moments, key_of
from regard.video.following.tracks import Tracker
from regard.video.stretches.demand import Findable, PersonTracking
from regard.video.video_pass import FrameSample
from regard.vision.findings import PictureFindings
from regard.vision.geometry import boxes_of, corners
from regard.vision.people import owners_of


class PersonAnalysis:
    """StartPersonTracking's."""

    interval, follows = 250, True
    finds, rehearsal = (Findable.PERSONS, Findable.FACES), PersonTracking()

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._moments = Moments()
        self.facts: dict[str, Any] = {}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        if sample.cut:
            self._tracker.cut()
        found = findings.persons()
        ids = self._tracker.update(at, found.boxes, found.probabilities, findings.person_embeddings).tolist()
        shapes = self._shapes(findings, found.boxes)
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
    def _shapes(
        findings: PictureFindings, boxes: np.ndarray[Any, np.dtype[np.float64]]
    ) -> list[dict[str, Any]]:
        """A PersonDetail of each box, without its index; with the face that is seen in it."""
        image, faces = findings.image, findings.faces()
        owners = owners_of(boxes, corners([face.box for face in faces]))
        owned = {owner: faces[row] for row, owner in enumerate(owners) if owner >= 0}
        shapes = []
        for row, box in enumerate(boxes_of(boxes)):
            shape: dict[str, Any] = {"BoundingBox": bounding_box_in(image, box)}
            if row in owned:
                shape["Face"] = face_detail(owned[row], image)
            shapes.append(shape)
        return shapes


def _item(at: int, number: int, shape: dict[str, Any]) -> Item:
    return Item(at, key_of(number), {"Timestamp": at, "Person": {"Index": number, **shape}})
