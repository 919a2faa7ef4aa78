"""Who is in a picture, and which protective equipment they wear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from regard.vision.faces import Face
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass, ObjectDetector
from regard.vision.people import VisiblePerson, find_people
from regard.vision.pixels import GREY, Copies
from regard.vision.protective.equipment import Cover, EquipmentReader, HandProbabilities, HeadProbabilities
from regard.vision.protective.parts import (
    PartName,
    PartSquare,
    hand_of_pose,
    head_of_body,
    head_of_face,
    head_of_pose,
)
from regard.vision.protective.pose import BodyPose
from regard.vision.runner import Runner

MIN_PROBABILITY = 0.5  # of a part, and of a piece of equipment on it, that is answered
_SAME_HEAD = 0.6  # of a face's height: two heads whose middles are closer are one
_SIDES = {"left": PartName.LEFT_HAND, "right": PartName.RIGHT_HAND}
# Where a piece lies about the middle of its part, in sides of the part's square, the person upright: how far
# its middle is raised, its width and its height.
_PLACES = {Cover.FACE: (-0.2, 0.95, 0.75), Cover.HEAD: (0.62, 1.45, 1.0), Cover.HAND: (0.0, 0.75, 0.75)}


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece. `confidence`: 0 to 100, that it is there. `covers`: whether it covers its part, and
    `covers_confidence`, 50 to 100, how sure that is. `box` in pixels of the upright picture.
    """

    cover: Cover
    box: Box
    confidence: float
    covers: bool
    covers_confidence: float


@dataclass(frozen=True, slots=True)
class EquippedPart:
    """`confidence`: 0 to 100, that the part is seen. `bare`: 0 to 100, how sure it is that nothing covers it:
    where no `equipment` is there, it may have been missed.
    """

    name: PartName
    confidence: float
    equipment: tuple[Equipment, ...]
    bare: float


@dataclass(frozen=True, slots=True)
class EquippedPerson:
    """`confidence`: 0 to 100, that `box`, in pixels of the upright picture, holds a person."""

    box: Box
    confidence: float
    parts: tuple[EquippedPart, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Hand:
    owner: int
    name: PartName
    region: PartSquare


class ProtectiveDetector:
    """People by CenterNet and their faces, body parts by MoveNet, equipment by heads on MobileNetV2. Safe to
    share by threads.
    """

    version = "1.0"
    networks = (*ObjectDetector.networks, *BodyPose.networks, *EquipmentReader.networks)

    def __init__(self, runner: Runner) -> None:
        self._objects = ObjectDetector(runner)
        self._pose = BodyPose(runner)
        self._equipment = EquipmentReader(runner)

    def detect(
        self,
        image: Image,
        faces: Sequence[Face],
        objects: Sequence[FoundClass],
        *,
        limit: int = 15,
    ) -> list[EquippedPerson]:
        """The people of a picture, the largest first, at most `limit`.

        `faces` and `objects` are those found in it.
        """
        people = self._people(image, faces, objects, limit)
        copies = image.copies
        heads, hands = self._regions(copies, people)
        seen, held = self._equipment.read(copies, heads, [(hand.owner, hand.region) for hand in hands])
        result = []
        for number, (person, head, found) in enumerate(zip(people, heads, seen, strict=True)):
            parts: list[EquippedPart] = []
            if not _is_anothers(number, people, heads):
                parts = _head_parts(head, found, person.face)
                parts += [
                    _hand_part(hand, one)
                    for hand, one in zip(hands, held, strict=True)
                    if hand.owner == number
                ]
            certain = tuple(part for part in parts if part.confidence >= 100 * MIN_PROBABILITY)
            result.append(EquippedPerson(person.box, person.confidence, certain))
        return result

    def _people(
        self, image: Image, faces: Sequence[Face], objects: Sequence[FoundClass], limit: int
    ) -> list[VisiblePerson]:
        """A body that fills the picture is searched for in a wider one."""
        size = {"width": image.width, "height": image.height, "limit": limit}
        people = find_people(_bodies(objects), faces, **size)
        if people:
            return people
        top, side = image.height // 2, image.width // 2
        grey = (GREY, GREY, GREY)
        wider = cv2.copyMakeBorder(image.pixels, top, top, side, side, cv2.BORDER_CONSTANT, value=grey)
        bodies = [
            Instance(body.box.moved(-side, -top).clipped(image.width, image.height), body.confidence)
            for body in _bodies(self._objects.detect(np.asarray(wider, np.uint8)))
        ]
        return find_people([body for body in bodies if body.box.area > 0], faces, **size)

    def _regions(
        self, copies: Copies, people: Sequence[VisiblePerson]
    ) -> tuple[list[PartSquare], list[_Hand]]:
        """A square about each person's head, and about every hand that key points show."""
        poses = self._pose.read(copies, [person.box for person in people])
        heads, hands = [], []
        for number, (person, points) in enumerate(zip(people, poses, strict=True)):
            head = head_of_face(person.face) if person.face else head_of_pose(points)
            head = head or head_of_body(person.box)
            heads.append(head)
            for side, name in _SIDES.items():
                hand = hand_of_pose(points, side, head.side)
                if hand is not None:
                    hands.append(_Hand(number, name, hand))
        return heads, hands


def _bodies(objects: Sequence[FoundClass]) -> Sequence[Instance]:
    return next((one.instances for one in objects if one.name == "person"), ())


def _is_anothers(number: int, people: Sequence[VisiblePerson], heads: Sequence[PartSquare]) -> bool:
    """Whether a body's key points are those of somebody before or behind it, whose head they show: of two,
    the one with a face keeps it, else the surer one.
    """
    mine, me = heads[number], people[number]
    return any(
        np.linalg.norm(head.middle - mine.middle) < _SAME_HEAD * min(head.side, mine.side)
        and (other.face is not None, other.confidence, -place) > (me.face is not None, me.confidence, -number)
        for place, (other, head) in enumerate(zip(people, heads, strict=True))
        if place != number and me.face is None
    )


def _head_parts(region: PartSquare, found: HeadProbabilities, face: Face | None) -> list[EquippedPart]:
    sure = 0.0 if face is None else face.confidence / 100
    head, seen = max(found.head, sure), max(found.head * found.face, sure)
    masks = _pieces(region, Cover.FACE, found.mask, found.nose)
    helmets = _pieces(region, Cover.HEAD, found.helmet, found.helmet)
    return [
        EquippedPart(PartName.FACE, 100 * seen, masks, 100 * found.bare_face),
        EquippedPart(PartName.HEAD, 100 * head, helmets, 100 * found.bare_head),
    ]


def _hand_part(hand: _Hand, found: HandProbabilities) -> EquippedPart:
    gloves = _pieces(hand.region, Cover.HAND, found.glove, found.glove)
    return EquippedPart(hand.name, 100 * found.hand, gloves, 100 * found.bare)


def _pieces(region: PartSquare, cover: Cover, probability: float, covering: float) -> tuple[Equipment, ...]:
    if probability < MIN_PROBABILITY:
        return ()
    lift, width, height = _PLACES[cover]
    middle = region.middle + lift * region.side * region.up
    # The box about the turned rectangle.
    across, along = np.abs(region.up[::-1]) * width, np.abs(region.up) * height
    size = (across + along) * region.side
    left, top = (middle - size / 2).tolist()
    box = Box(left, top, float(size[0]), float(size[1]))
    covers = covering >= 0.5
    return (Equipment(cover, box, 100 * probability, covers, 100 * max(covering, 1 - covering)),)
