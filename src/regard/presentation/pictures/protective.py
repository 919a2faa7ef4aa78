"""Who wears which protective equipment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.drawing import Mark
from regard.presentation.tables import Table, whole

_SUMMARY = {
    "PersonsWithRequiredEquipment": "wears all that is required",
    "PersonsWithoutRequiredEquipment": "lacks something",
    "PersonsIndeterminate": "can't be told",
}


def equipment_table(answer: Mapping[str, Any]) -> Table:
    """DetectProtectiveEquipment's answer: each body part of each person, and who wears what was required."""
    summary = answer.get("Summary", {})
    verdicts = {number: said for name, said in _SUMMARY.items() for number in summary.get(name, ())}
    rows = []
    for person in answer["Persons"]:
        title = f"{person['Id']}  {person['Confidence']:.0f} %"
        for part in person["BodyParts"] or [None]:
            rows.append((title, *_cells(part)))
            title = ""
        if person["Id"] in verdicts:
            rows.append(("", "", "", f"→ {verdicts[person['Id']]}", "", ""))
    return Table([*whole("Person", "Part", "Seen", "Wears", "Confidence", "Covers it")], rows)


def equipment_marks(persons: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Each person's box, and those of what the person wears."""
    marks = []
    for person in persons:
        marks.append(Mark(person["BoundingBox"], f"{person['Id']}"))
        for part in person["BodyParts"]:
            for item in part["EquipmentDetections"]:
                marks.append(Mark(item["BoundingBox"], f"{name_of(item)} {item['Confidence']:.0f}"))
    return marks


def name_of(item: Mapping[str, Any]) -> str:
    """An EquipmentDetection's type in words."""
    return str(item["Type"]).replace("_", " ").lower()


def _cells(part: Mapping[str, Any] | None) -> tuple[str, str, str, str, str]:
    if part is None:
        return ("", "", "", "", "")
    name, seen = part["Name"].replace("_", " ").lower(), f"{part['Confidence']:.1f} %"
    if not part["EquipmentDetections"]:
        return (name, seen, "–", "", "")
    item = part["EquipmentDetections"][0]
    covers = item["CoversBodyPart"]
    covering = f"{'yes' if covers['Value'] else 'no'}, {covers['Confidence']:.0f} %"
    return (name, seen, name_of(item), f"{item['Confidence']:.1f} %", covering)
