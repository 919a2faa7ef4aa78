"""The people of a picture: bodies that the object detector finds, each with its face, and faces alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regard.vision.body_parts import corners
from regard.vision.faces import Face
from regard.vision.faces.face import Box
from regard.vision.labels.label import Instance
from regard.vision.pixels import Floats

LEAST_BODY = 50.0  # percent; of a body in which no face is seen
LEAST_FACE = 80.0  # percent; of a face that no body was found for
_INSIDE = 0.6  # of a face that must lie in its body's box
_UPPER = 0.6  # of a body, from the top, in which its face's middle lies
# A body about a face alone: three faces wide, from half a face above it to five below, within the picture.
_WIDE, _ABOVE, _BELOW = 3.0, 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `confidence`: 0 to 100, that the box holds one; `box` in pixels of the upright picture."""

    box: Box
    confidence: float
    face: Face | None


def find_people(
    bodies: Sequence[Instance], faces: Sequence[Face], *, width: int, height: int, limit: int
) -> list[Person]:
    """The people of a picture of `width` × `height` px, the largest first, at most `limit`.

    A face belongs to the body that it lies in, high up, and that fits it best; a face that no body is left
    for makes a person by itself: in a close portrait no body is seen.
    """
    owners = owners_of(corners([body.box for body in bodies]), corners([face.box for face in faces]))
    people = []
    for number, body in enumerate(bodies):
        face = next((faces[row] for row, owner in enumerate(owners) if owner == number), None)
        if face is not None or body.confidence >= LEAST_BODY:
            confidence = body.confidence if face is None else max(body.confidence, face.confidence)
            people.append(Person(body.box, confidence, face))
    for face, owner in zip(faces, owners, strict=True):
        if owner < 0 and face.confidence >= LEAST_FACE:
            people.append(Person(_body_of(face.box, width, height), face.confidence, face))
    return sorted(people, key=lambda person: -person.box.area)[:limit]


def bodies_with_faces(bodies: Sequence[Instance], faces: Sequence[Face]) -> tuple[Instance, ...]:
    """The same bodies, the most certain first: each at least as certain as the face that belongs to it."""
    certain = [body.confidence for body in bodies]
    owners = owners_of(corners([body.box for body in bodies]), corners([face.box for face in faces]))
    for face, owner in zip(faces, owners, strict=True):
        if owner >= 0:
            certain[owner] = max(certain[owner], face.confidence)
    raised = [replace(body, confidence=sure) for body, sure in zip(bodies, certain, strict=True)]
    return tuple(sorted(raised, key=lambda body: -body.confidence))


def owners_of(bodies: Floats, faces: Floats) -> list[int]:
    """For each of `faces` (F, 4) the row of its body in `bodies` (B, 4), or −1; no body has two.

    Larger faces choose first, each the smallest body that holds it: of two people one behind the other, the
    larger box often holds both faces.
    """
    owners = [-1] * len(faces)
    areas = (bodies[:, 2:] - bodies[:, :2]).prod(1)
    for row in np.argsort(-(faces[:, 2:] - faces[:, :2]).prod(1), kind="stable").tolist():
        face = faces[row]
        shared = np.clip(np.minimum(bodies[:, 2:], face[2:]) - np.maximum(bodies[:, :2], face[:2]), 0, None)
        inside = shared.prod(1) / max(float((face[2:] - face[:2]).prod()), 1e-6)
        deep = ((face[1] + face[3]) / 2 - bodies[:, 1]) / np.maximum(bodies[:, 3] - bodies[:, 1], 1e-6)
        fits = [
            body
            for body in np.flatnonzero((inside >= _INSIDE) & (deep <= _UPPER)).tolist()
            if body not in owners
        ]
        if fits:
            owners[row] = min(fits, key=lambda body: float(areas[body]))
    return owners


def _body_of(face: Box, width: int, height: int) -> Box:
    middle = face.left + face.width / 2
    left, right = middle - _WIDE / 2 * face.width, middle + _WIDE / 2 * face.width
    top, bottom = face.top - _ABOVE * face.height, face.top + (1 + _BELOW) * face.height
    left, right = (float(np.clip(x, 0, width)) for x in (left, right))
    top, bottom = (float(np.clip(y, 0, height)) for y in (top, bottom))
    return Box(left, top, right - left, bottom - top)
