"""Writes the tables that come from the code: `python docs/generate.py`; a test holds them to it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from regard.evaluation.card import AttributeMetric
from regard.evaluation.heads import head_cards
from regard.operations import OPERATIONS, is_built
from regard.settings import Settings
from regard.wire.spec import wire_names

ROOT = Path(__file__).parent.parent
_BEGIN = "<!-- operations: begin (made by docs/generate.py) -->"
_END = "<!-- operations: end -->"
_HEADS = "<!-- heads: begin (made by docs/generate.py from the heads' cards) -->"
_HEADS_END = "<!-- heads: end -->"
_WORN = "<!-- equipment: begin (made by docs/generate.py from the heads' cards) -->"
_WORN_END = "<!-- equipment: end -->"
_EQUIPMENT = ("head", "face", "hand", "glove")

# An operation belongs to the first area one of whose words is in its name.
_AREAS = {
    "Streaming video": ("StreamProcessor",),
    "Liveness": ("Liveness",),
    "Bulk analysis": ("MediaAnalysis",),
    "Custom labels": ("Project", "Dataset", "CustomLabels"),
    "Tags": ("Tag", "UntagResource"),
    "Stored video": (
        "StartLabelDetection", "StartFaceDetection", "StartFaceSearch", "StartPersonTracking",
        "StartCelebrityRecognition", "StartContentModeration", "StartTextDetection", "StartSegmentDetection",
        "GetLabelDetection", "GetFaceDetection", "GetFaceSearch", "GetPersonTracking",
        "GetCelebrityRecognition", "GetContentModeration", "GetTextDetection", "GetSegmentDetection",
    ),
    "Users": ("User", "ssociateFaces"),
    "Collections and face search": ("Collection", "SearchFaces", "IndexFaces", "ListFaces", "DeleteFaces"),
    "Pictures": ("Detect", "Recognize", "Compare", "Celebrity"),
}  # fmt: skip


def area_of(operation: str) -> str:
    return next(area for area, words in _AREAS.items() if any(word in operation for word in words))


def by_area() -> dict[str, list[tuple[str, str]]]:
    """(AWS name, xform_name) of every operation, by area, those with most that is built first."""
    areas: dict[str, list[tuple[str, str]]] = {area: [] for area in reversed(_AREAS)}
    for xform, name in sorted(wire_names().items()):
        areas[area_of(name)].append((name, xform))
    return areas


def _built() -> int:
    return sum(map(is_built, wire_names()))


def readme_table() -> str:
    lines = [
        f"{_built()} of {len(wire_names())} are built.",
        "",
        "| | built | not built yet |",
        "|---|---|---|",
    ]
    for area, operations in by_area().items():
        built = ", ".join(name for name, xform in operations if is_built(xform))
        waiting = ", ".join(name for name, xform in operations if not is_built(xform))
        lines.append(f"| **{area}** | {built} | {waiting} |")
    return "\n".join(lines)


def operations_page() -> str:
    lines = [
        "# Operations",
        "",
        f"{_built()} of the {len(wire_names())} operations are built. The others validate their "
        "request and then answer `NotImplementedException` (HTTP 501), which names the operation.",
    ]
    for area, operations in by_area().items():
        lines += ["", f"## {area}", "", "| operation | |", "|---|---|"]
        for name, xform in operations:
            function = OPERATIONS.get(xform) if is_built(xform) else None
            text = "not built yet" if function is None else "**built.** " + _summary(function)
            lines.append(f"| {name} | {text.strip()} |")
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Each is an environment variable. `regard serve` has options for the first ones.",
        "",
        "| variable | default | |",
        "|---|---|---|",
    ]
    for setting in fields(Settings):
        default = "" if setting.default in (None, "") else f"`{setting.default}`"
        lines.append(f"| `REGARD_{setting.name.upper()}` | {default} | {setting.metadata['help']} |")
    return "\n".join(lines) + "\n"


def attribute_tables() -> str:
    """The heads that look at faces."""
    return _head_tables({name: (card, f"fit_{name}") for name, card in head_cards().items()})


def equipment_tables() -> str:
    """The heads that look for protective equipment."""
    folder = files("regard.vision.protective")
    cards = {name: json.loads(folder.joinpath(f"{name}.json").read_text("utf-8")) for name in _EQUIPMENT}
    return _head_tables({name: (card, "fit_protective") for name, card in cards.items()})


def _head_tables(cards: Mapping[str, tuple[Mapping[str, Any], str]]) -> str:
    """What cards say: on what each head was trained, then its figures, a table for each set. Beside a card,
    the name of the script that made it."""
    lines: list[str] = []
    for name, (card, script) in cards.items():
        trained = "; ".join(card["trained on"])
        lines += [
            f"### The head `{name}`",
            "",
            f"`python training/{script}.py DATA --cache CACHE`. Says {card['says']}. Trained on {trained}. "
            f"Research-only data: {card['research-only data']}. Split: {card['split']}. {card['limits']}",
            "",
        ]
        rows = [AttributeMetric(**row) for row in card["metrics"]]
        for data in dict.fromkeys(row.data for row in rows):
            lines += [f"{data}:", "", "| | | | 95 % | of |", "|---|---|---|---|---|"]
            lines += [_figures(row) for row in rows if row.data == data]
            lines.append("")
    return "\n".join(lines).rstrip()


def _figures(row: AttributeMetric) -> str:
    within = "" if row.low is None or row.high is None else f"{max(0.0, row.low):.1f}–{row.high:.1f}"
    return f"| {row.attribute} | {row.metric} | {row.value:.1f} | {within} | {row.count:,} |"


def between(page: str, begin: str, end: str, text: str) -> str:
    """A page with what stands between two marks replaced."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def pages() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    readme, accuracy = ROOT / "README.md", ROOT / "docs" / "accuracy.md"
    return {
        readme: between(readme.read_text(), _BEGIN, _END, readme_table()),
        accuracy: between(
            between(accuracy.read_text(), _HEADS, _HEADS_END, attribute_tables()),
            _WORN,
            _WORN_END,
            equipment_tables(),
        ),
        ROOT / "docs" / "operations.md": operations_page(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def _summary(function: object) -> str:
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n", 1)[0].split())


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
