"""Writes the tables that come from the code: `python docs/generate.py`; a test holds them to it."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

from regard.operations import OPERATIONS
from regard.settings import Settings
from regard.wire.spec import wire_names

ROOT = Path(__file__).parent.parent
_BEGIN = "<!-- operations: begin (made by docs/generate.py) -->"
_END = "<!-- operations: end -->"

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


def readme_table() -> str:
    lines = [
        f"{len(OPERATIONS)} of {len(wire_names())} are built.",
        "",
        "| | built | not built yet |",
        "|---|---|---|",
    ]
    for area, operations in by_area().items():
        built = ", ".join(name for name, xform in operations if xform in OPERATIONS)
        waiting = ", ".join(name for name, xform in operations if xform not in OPERATIONS)
        lines.append(f"| **{area}** | {built} | {waiting} |")
    return "\n".join(lines)


def operations_page() -> str:
    lines = [
        "# Operations",
        "",
        f"{len(OPERATIONS)} of the {len(wire_names())} operations are built. The others validate their "
        "request and then answer `NotImplementedException` (HTTP 501), which names the operation.",
    ]
    for area, operations in by_area().items():
        lines += ["", f"## {area}", "", "| operation | |", "|---|---|"]
        for name, xform in operations:
            function = OPERATIONS.get(xform)
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


def pages() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    readme = (ROOT / "README.md").read_text()
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return {
        ROOT / "README.md": f"{before}{_BEGIN}\n{readme_table()}\n{_END}{after}",
        ROOT / "docs" / "operations.md": operations_page(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def _summary(function: object) -> str:
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n", 1)[0].split())


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
