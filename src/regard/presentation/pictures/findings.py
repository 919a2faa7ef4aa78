"""The answers of every image analysis as one list of findings, each with its marks on the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.presentation.colours import COLOURS, Colour
from regard.presentation.drawing import Mark
from regard.presentation.pictures.attributes import noted
from regard.presentation.pictures.labels import colours, parts
from regard.presentation.pictures.protective import name_of
from regard.presentation.tables import Breaks, Header, Table, broken, whole

_OUTSIDE = 0.04  # of a box, by which that of a celebrity lies around that of the face

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A line of the table. `kind` is one of COLOURS, or `picture`; `number` counts within a kind whose marks
    carry it. `confidence` is in percent, None for what has none.
    """

    kind: str
    what: str
    confidence: float | None
    details: str
    number: int | None = None
    marks: tuple[Mark, ...] = ()


def findings(answer: Answer) -> list[ShownFinding]:
    """What an image operation answered, by the list that the answer has."""
    return [found for member, read in _READERS.items() if member in answer for found in read(answer)]


def finding_table(found: Sequence[ShownFinding]) -> Table:
    """A row for each finding."""
    rows = [
        (
            one.kind if one.number is None else f"{one.kind} {one.number}",
            one.what,
            "" if one.confidence is None else f"{one.confidence:.1f} %",
            one.details,
        )
        for one in found
    ]
    confidence = Header("Confidence", Breaks.NEVER, right=True)
    return Table([*whole("Kind"), *broken("What"), confidence, *broken("Details")], rows)


def legend(marks: Iterable[Mark]) -> dict[str, Colour]:
    """The kinds whose colours are among the marks, with their colours."""
    seen = {mark.colour for mark in marks}
    return {kind: colour for kind, colour in COLOURS.items() if colour in seen}


def _faces(answer: Answer) -> list[ShownFinding]:
    found = []
    for number, face in enumerate(answer["FaceDetails"], 1):
        age, gender, expression = face["AgeRange"], face["Gender"]["Value"].lower(), face["Emotions"][0]
        pose, quality, gaze = face["Pose"], face["Quality"], face["EyeDirection"]
        details = [
            f"{gender} {face['Gender']['Confidence']:.0f}",
            f"{expression['Type'].lower()} {expression['Confidence']:.0f}",
            *noted(face),
            "head " + " ".join(f"{axis.lower()} {pose[axis]:+.0f}°" for axis in ("Roll", "Yaw", "Pitch")),
            f"gaze {gaze['Yaw']:+.0f}° {gaze['Pitch']:+.0f}°",
            f"light {quality['Brightness']:.0f}",
            f"sharp {quality['Sharpness']:.0f}",
        ]
        caption = f"{number} {gender} {age['Low']}-{age['High']} {expression['Type'].lower()}"
        found.append(
            ShownFinding(
                "face",
                f"{gender}, {age['Low']}–{age['High']}",
                face["Confidence"],
                ", ".join(details),
                number,
                (_mark("face", face["BoundingBox"], caption, str(number)),),
            )
        )
    return found


def _celebrities(answer: Answer) -> list[ShownFinding]:
    found = []
    for one in answer["CelebrityFaces"]:
        box, confidence = one["Face"]["BoundingBox"], one["MatchConfidence"]
        mark = _mark("celebrity", _around(box), f"{one['Name']} {confidence:.1f}", one["Name"])
        details = ", ".join([f"id {one['Id']}", *one["Urls"]])
        found.append(ShownFinding("celebrity", one["Name"], confidence, details, marks=(mark,)))
    return found


def _labels(answer: Answer) -> list[ShownFinding]:
    found = []
    for label in answer["Labels"]:
        name, instances = label["Name"], label["Instances"]
        facts = [
            label["Categories"][0]["Name"],
            f"{len(instances)} marked" if instances else "",
            "is a " + ", ".join(parent["Name"] for parent in label["Parents"]) if label["Parents"] else "",
        ]
        marks = tuple(
            _mark("label", one["BoundingBox"], f"{name} {one['Confidence']:.0f}", name) for one in instances
        )
        found.append(
            ShownFinding("label", name, label["Confidence"], "; ".join(filter(None, facts)), marks=marks)
        )
    return found + _properties(answer["ImageProperties"])


def _properties(properties: Answer) -> list[ShownFinding]:
    found = []
    for name, part in parts(properties, whole_name="whole").items():
        values = [f"{key.lower()} {value:.0f}" for key, value in part["Quality"].items()]
        found.append(ShownFinding("picture", name, None, f"{', '.join(values)}; {colours(part)}"))
    return found


def _text(answer: Answer) -> list[ShownFinding]:
    detections = answer["TextDetections"]
    words = [one for one in detections if one["Type"] == "WORD"]
    found = []
    for number, line in enumerate((one for one in detections if one["Type"] == "LINE"), 1):
        place, text = line["Geometry"], line["DetectedText"]
        own = sum(word["ParentId"] == line["Id"] for word in words)
        details = f"{own} word{'' if own == 1 else 's'}"
        mark = _mark("text", place["BoundingBox"], f"{number} {text}", str(number), place["Polygon"])
        found.append(ShownFinding("text", text, line["Confidence"], details, number, (mark,)))
    return found


def _moderation(answer: Answer) -> list[ShownFinding]:
    """Their marks are not in the answer: see `regard.presentation.pictures.moderation`."""
    return [
        ShownFinding(
            "moderation",
            label["Name"],
            label["Confidence"],
            f"under {label['ParentName']}" if label["ParentName"] else "",
        )
        for label in answer["ModerationLabels"]
    ]


def _equipment(answer: Answer) -> list[ShownFinding]:
    found = []
    for number, person in enumerate(answer["Persons"], 1):
        details, marks = [], [_mark("equipment", person["BoundingBox"], f"person {number}", str(number))]
        for part in person.get("BodyParts", ()):
            name = part["Name"].lower().replace("_", " ")
            if not part["EquipmentDetections"]:
                details.append(f"nothing on {name}")
            for item in part["EquipmentDetections"]:
                worn, confidence = name_of(item), item["Confidence"]
                covers = item.get("CoversBodyPart", {}).get("Value")
                details.append(f"{worn} {confidence:.0f} " + (f"on {name}" if covers else f"not over {name}"))
                marks.append(_mark("equipment", item["BoundingBox"], f"{worn} {confidence:.0f}", worn))
        shown = ", ".join(details) or "no body part seen"
        found.append(
            ShownFinding("equipment", f"person {number}", person["Confidence"], shown, number, tuple(marks))
        )
    return found


_READERS: Mapping[str, Callable[[Answer], list[ShownFinding]]] = {
    "FaceDetails": _faces,
    "CelebrityFaces": _celebrities,
    "Persons": _equipment,
    "Labels": _labels,
    "TextDetections": _text,
    "ModerationLabels": _moderation,
}


def _mark(
    kind: str,
    box: Mapping[str, float],
    caption: str,
    brief: str,
    outline: list[Mapping[str, float]] | None = None,
) -> Mark:
    return Mark(box, caption, outline=outline or (), colour=COLOURS[kind], brief=brief)


def _around(box: Mapping[str, float]) -> dict[str, float]:
    across, down = _OUTSIDE * box["Width"], _OUTSIDE * box["Height"]
    return {
        "Left": box["Left"] - across,
        "Top": box["Top"] - down,
        "Width": box["Width"] + 2 * across,
        "Height": box["Height"] + 2 * down,
    }
