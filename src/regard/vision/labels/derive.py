"""From objects, classes, scenes and faces to probabilities of labels: what each says, and what follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from regard.vision.faces.face import Face
from regard.vision.labels.activities import activities
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import Taxonomy

_PORTRAIT = 0.25  # of the picture's height: the smallest face of a portrait
_ALONE = 2.0  # a portrait's face is so many times as large as the next
_CROWD = 10  # people
_SURE_FACE = 95.0  # percent; a face of less counts only where a body may be
_BODY = 20.0  # percent
_NIGHT, _DUSK = (
    46.0,
    4.0,
)  # mean luma (0 to 255) at which an outdoor picture is as likely by night; its spread
_SURE_NIGHT = 0.9  # light alone can't be surer


def label_probabilities(
    taxonomy: Taxonomy,
    objects: Sequence[FoundClass],
    classes: Mapping[str, float],
    scenes: Mapping[str, float],
    faces: Sequence[Face],
    height: int,
    luma: float,
) -> dict[str, float]:
    """The probability, 0 to 1, of each label that has one.

    `classes` and `scenes`: the probabilities, 0 to 1, of labels of the whole picture. `height` (px) and
    average `luma` (0 to 255) are the picture's. A label is at least as probable as the most probable label
    that implies it.
    """
    found = {taxonomy.objects[one.name].name: one.confidence / 100 for one in objects}
    faces = _believed(faces, objects)
    people = (_people(objects, faces), _faces(faces, height), activities(objects))
    for evidence in (classes, scenes, _night(scenes, luma), *people):
        for name, probability in evidence.items():
            found[name] = max(found.get(name, 0.0), probability)
    implied = dict(found)
    for name, probability in found.items():
        for parent in taxonomy.concepts[name].parents:
            implied[parent] = max(implied.get(parent, 0.0), probability)
    return implied


def _night(scenes: Mapping[str, float], luma: float) -> dict[str, float]:
    darkness = 1 / (1 + math.exp(min((luma - _NIGHT) / _DUSK, 50)))
    return {"Night": scenes.get("Outdoors", 0.0) * darkness * _SURE_NIGHT}


def _believed(faces: Sequence[Face], objects: Sequence[FoundClass]) -> list[Face]:
    """Lights in the dark and leaves are taken for faces at times, and then nothing is taken for a body."""
    body = any(one.name == "person" and one.confidence >= _BODY for one in objects)
    return [face for face in faces if body or face.confidence >= _SURE_FACE]


def _people(objects: Sequence[FoundClass], faces: Sequence[Face]) -> dict[str, float]:
    """Two make People, ten a Crowd: as likely as the second and the tenth of the bodies, or of the faces."""
    bodies = next((list(one.probabilities) for one in objects if one.name == "person"), [])
    heads = sorted((face.confidence / 100 for face in faces), reverse=True)
    counted = [max(pair) for pair in zip(_filled(bodies), _filled(heads), strict=True)]
    return {"People": counted[1], "Crowd": counted[_CROWD - 1]}


def _filled(probabilities: Sequence[float]) -> list[float]:
    return [*probabilities[:_CROWD], *[0.0] * (_CROWD - len(probabilities))]


def _faces(faces: Sequence[Face], height: int) -> dict[str, float]:
    if not faces:
        return {}
    found = {"Face": max(face.confidence for face in faces) / 100}
    first, *others = sorted(faces, key=lambda face: face.box.height, reverse=True)
    alone = all(first.box.height >= _ALONE * face.box.height for face in others)
    if alone and first.box.height >= _PORTRAIT * height:
        found["Portrait"] = first.confidence / 100
    return found
