"""The people of a picture: bodies that the object detector finds, each with its face, and faces alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces import Face
from regard.vision.geometry import Box, areas, corners, share_covered
from regard.vision.labels.label import Instance

MIN_BODY = 50.0  # percent; of a body in which no face is seen
MIN_FACE = 80.0  # percent; of a face that no body was found for
_INSIDE = 0.6  # of a face that must lie in its body's box
_UPPER = 0.6  # of a body, from the top, in which its face's middle lies
# A body about a face alone: three faces wide, from half a face above it to five below, within the picture.
_WIDE, _ABOVE, _BELOW = 3.0, 0.5, 5.0


@dataclass(frozen=True, slots=True)
class VisiblePerson:
    """One person. `confidence`: 0 to 100, that the box holds one; `box` in pixels of the upright picture."""

    box: Box
    confidence: float
    face: Face | None


def find_people(
    bodies: Sequence[Instance], faces: Sequence[Face], *, width: int, height: int, limit: int
) -> list[VisiblePerson]:
    """The people of a picture of `width` × `height` px, the largest first, at most `limit`.

    A face belongs to the body that it lies in, high up, and that fits it best; a face that no body is left
    for makes a person by itself: in a close portrait no body is seen.
    """
    owners = owners_of(corners([body.box for body in bodies]), corners([face.box for face in faces]))
    people = []
    for number, body in enumerate(bodies):
        face = next((faces[row] for row, owner in enumerate(owners) if owner == number), None)
        if face is not None or body.confidence >= MIN_BODY:
            confidence = body.confidence if face is None else max(body.confidence, face.confidence)
            people.append(VisiblePerson(body.box, confidence, face))
    for face, owner in zip(faces, owners, strict=True):
        if owner < 0 and face.confidence >= MIN_FACE:
            people.append(VisiblePerson(_body_of(face.box, width, height), face.confidence, face))
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


def owners_of(bodies: NDArray[np.float64], faces: NDArray[np.float64]) -> list[int]:
    """For each of `faces` (F, 4) the row of its body in `bodies` (B, 4), or −1; no body has two.

    Larger faces choose first, each the smallest body that holds it: of two people one behind the other, the
    larger box often holds both faces.
    """
    owners = [-1] * len(faces)
    sizes, inside = areas(bodies), share_covered(faces, by=bodies)
    deep = (faces[:, None, 1] + faces[:, None, 3]) / 2 - bodies[None, :, 1]
    deep /= np.maximum(bodies[:, 3] - bodies[:, 1], 1e-6)
    fits = (inside >= _INSIDE) & (deep <= _UPPER)
    for row in np.argsort(-areas(faces), kind="stable").tolist():
        free = [body for body in np.flatnonzero(fits[row]).tolist() if body not in owners]
        if free:
            owners[row] = min(free, key=lambda body: float(sizes[body]))
    return owners


def _body_of(face: Box, width: int, height: int) -> Box:
    left = face.left + face.width / 2 - _WIDE / 2 * face.width
    top, tall = face.top - _ABOVE * face.height, (1 + _BELOW + _ABOVE) * face.height
    return Box(left, top, _WIDE * face.width, tall).clipped(width, height)
