"""Attributes of faces in a table, a line a face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Column, Table

from regard.cli.printing import add_row, table
from regard.presentation.attributes import noted


def attribute_rows(faces: Sequence[dict[str, Any]]) -> Table:
    """Age, gender, expression, gaze and what is noteworthy of FaceDetails with every attribute."""
    rows = table(
        *(Column(header, no_wrap=True) for header in ("#", "Age", "Reads as", "Expression", "Gaze")), "Noted"
    )
    for number, face in enumerate(faces, 1):
        age, gender, gaze = face["AgeRange"], face["Gender"], face["EyeDirection"]
        best = face["Emotions"][0]
        cells = (
            str(number),
            f"{age['Low']}–{age['High']}",
            f"{gender['Value'].lower()} {gender['Confidence']:.0f}",
            f"{best['Type'].lower()} {best['Confidence']:.0f}",
            f"{gaze['Yaw']:+.0f}° {gaze['Pitch']:+.0f}°",
            ", ".join(noted(face)) or "–",
        )
        add_row(rows, cells)
    return rows
