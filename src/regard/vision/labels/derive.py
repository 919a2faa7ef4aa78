"""From objects, scenes and faces to chances of labels: what each says, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regard.vision.faces.face import Face
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import Taxonomy

_PORTRAIT = 0.25  # of the picture's height: the least face of a portrait
_ALONE = 2.0  # a portrait's face is so many times as large as the next
_CROWD = 10  # people


def chances(
    taxonomy: Taxonomy,
    objects: Sequence[FoundClass],
    scenes: Mapping[str, float],
    faces: Sequence[Face],
    height: int,
) -> dict[str, float]:
    """The chance, 0 to 1, of each label that has one. `height` is the picture's, in pixels.

    A label is at least as likely as the likeliest thing that implies it; its ancestors are.
    """
    found = {taxonomy.objects[one.name].name: one.confidence / 100 for one in objects}
    for evidence in (scenes, _people(objects, faces), _faces(faces, height)):
        for name, chance in evidence.items():
            found[name] = max(found.get(name, 0.0), chance)
    implied = dict(found)
    for name, chance in found.items():
        for parent in taxonomy.concepts[name].parents:
            implied[parent] = max(implied.get(parent, 0.0), chance)
    return implied


def _people(objects: Sequence[FoundClass], faces: Sequence[Face]) -> dict[str, float]:
    """Two make People, ten a Crowd: as likely as the second and the tenth of the bodies, or of the faces."""
    bodies = next((list(one.chances) for one in objects if one.name == "person"), [])
    heads = sorted((face.confidence / 100 for face in faces), reverse=True)
    counted = [max(pair) for pair in zip(_filled(bodies), _filled(heads), strict=True)]
    return {"People": counted[1], "Crowd": counted[_CROWD - 1]}


def _filled(chances: Sequence[float]) -> list[float]:
    return [*chances[:_CROWD], *[0.0] * (_CROWD - len(chances))]


def _faces(faces: Sequence[Face], height: int) -> dict[str, float]:
    if not faces:
        return {}
    found = {"Face": max(face.confidence for face in faces) / 100}
    first, *others = sorted(faces, key=lambda face: face.box.height, reverse=True)
    alone = all(first.box.height >= _ALONE * face.box.height for face in others)
    if alone and first.box.height >= _PORTRAIT * height:
        found["Portrait"] = first.confidence / 100
    return found
