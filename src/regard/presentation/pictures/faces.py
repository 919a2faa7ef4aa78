"""Faces of one picture, what they show, and how alike they are to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.drawing import Mark
from regard.presentation.pictures.attributes import noted
from regard.presentation.tables import Header, Table, broken, whole

_BOX = "Left  Top   Width Height"

Shape = Mapping[str, Any]
"""A structure of Rekognition's API."""


def face_table(faces: Sequence[Shape]) -> Table:
    """FaceDetails: where each face is, how it is held, and how well it is to be seen."""
    rows = []
    for number, face in enumerate(faces, 1):
        pose, quality = face["Pose"], face["Quality"]
        cells = (
            str(number),
            f"{face['Confidence']:.2f} %",
            _box(face["BoundingBox"]),
            *(f"{pose[axis]:+.0f}°" for axis in ("Roll", "Yaw", "Pitch")),
            *(f"{quality[name]:.0f}" for name in ("Brightness", "Sharpness")),
        )
        rows.append(cells)
    headers = whole("#", "Confidence", _BOX, "Roll", "Yaw", "Pitch", "Light", "Sharp")
    return Table([*headers], rows)


def attribute_table(faces: Sequence[Shape]) -> Table:
    """FaceDetails with every attribute: age, gender, expression, gaze and what is noteworthy."""
    rows = []
    for number, face in enumerate(faces, 1):
        age, gender, gaze = face["AgeRange"], face["Gender"], face["EyeDirection"]
        expression = face["Emotions"][0]
        cells = (
            str(number),
            f"{age['Low']}–{age['High']}",
            f"{gender['Value'].lower()} {gender['Confidence']:.0f}",
            f"{expression['Type'].lower()} {expression['Confidence']:.0f}",
            f"{gaze['Yaw']:+.0f}° {gaze['Pitch']:+.0f}°",
            ", ".join(noted(face)) or "–",
        )
        rows.append(cells)
    return Table([*whole("#", "Age", "Reads as", "Expression", "Gaze"), Header("Noted")], rows)


def face_marks(faces: Sequence[Shape]) -> list[Mark]:
    """FaceDetails with their landmarks."""
    return [Mark(face["BoundingBox"], f"{face['Confidence']:.1f}", face["Landmarks"]) for face in faces]


def comparison_table(matches: Sequence[Shape]) -> Table:
    """FaceMatches of CompareFaces."""
    rows = [
        (str(number), f"{match['Similarity']:.2f} %", _box(match["Face"]["BoundingBox"]))
        for number, match in enumerate(matches, 1)
    ]
    return Table([*whole("#", "Similarity", _BOX)], rows)


def comparison_marks(matches: Sequence[Shape]) -> list[Mark]:
    """FaceMatches of CompareFaces, on the target."""
    return [Mark(match["Face"]["BoundingBox"], f"{match['Similarity']:.2f} %") for match in matches]


def match_table(matches: Sequence[Shape]) -> Table:
    """FaceMatches of a search of a collection."""
    rows = [
        (
            str(place),
            f"{match['Similarity']:.2f} %",
            match["Face"].get("ExternalImageId") or "",
            match["Face"]["FaceId"],
        )
        for place, match in enumerate(matches, 1)
    ]
    headers = [*whole("#", "Similarity"), *broken("ExternalImageId"), *whole("FaceId")]
    return Table(headers, rows)


def match_marks(answer: Shape) -> list[Mark]:
    """The face that SearchFacesByImage has searched for, with the name of whom it resembles most."""
    matches = answer["FaceMatches"]
    caption = "no match"
    if matches:
        face = matches[0]["Face"]
        name = face.get("ExternalImageId") or face["FaceId"]
        caption = f"{name} {matches[0]['Similarity']:.2f} %"
    return [Mark(answer["SearchedFaceBoundingBox"], caption)]


def user_table(matches: Sequence[Shape]) -> Table:
    """UserMatches of a search of a collection's users."""
    rows = [
        (str(place), f"{match['Similarity']:.2f} %", match["User"]["UserId"])
        for place, match in enumerate(matches, 1)
    ]
    return Table([*whole("#", "Similarity"), Header("User")], rows)


def user_marks(answer: Shape) -> list[Mark]:
    """The face that SearchUsersByImage has searched for, if any, with whom it resembles most."""
    matches = answer["UserMatches"]
    if "SearchedFace" not in answer:
        return []
    caption = "no match"
    if matches:
        caption = f"{matches[0]['User']['UserId']} {matches[0]['Similarity']:.2f} %"
    return [Mark(answer["SearchedFace"]["FaceDetail"]["BoundingBox"], caption)]


def celebrity_table(faces: Sequence[Shape]) -> Table:
    """CelebrityFaces."""
    rows = [
        (str(place), f"{one['MatchConfidence']:.2f} %", one["Name"], one["Id"], " ".join(one["Urls"]))
        for place, one in enumerate(faces, 1)
    ]
    headers = [*whole("#", "Confidence"), *broken("Name"), *whole("Id"), *broken("URLs")]
    return Table(headers, rows)


def celebrity_marks(faces: Sequence[Shape]) -> list[Mark]:
    """CelebrityFaces with their names."""
    return [
        Mark(one["Face"]["BoundingBox"], f"{one['Name']} {one['MatchConfidence']:.1f} %") for one in faces
    ]


def _box(box: Mapping[str, float]) -> str:
    return " ".join(f"{box[side]:.3f}" for side in ("Left", "Top", "Width", "Height"))
