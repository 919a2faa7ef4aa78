"""Text and people as WebVTT (W3C, WebVTT: The Web Video Text Tracks Format)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO

from regard.presentation.files import writing
from regard.presentation.video.sightings import Found, Spell

PEOPLE = {
    "start_face_search": "match",
    "start_celebrity_recognition": "celebrity",
    "start_face_detection": "face",
    "start_person_tracking": "person",
}
"""Analyses that find people, and the kind of their sightings."""


def write_subtitles(found: Found, target: Path) -> list[Path]:
    """One file where `target` ends with .vtt; else one for text and one for people, which begin with it."""
    kinds = {
        "text": found.spells("text") if "start_text_detection" in found.ran else None,
        "people": people_in(found) if found.ran & set(PEOPLE) else None,
    }
    files: dict[Path, list[Spell]] = {}
    for kind, spells in kinds.items():
        if spells is not None:
            file = target if target.suffix == ".vtt" else target.with_name(f"{target.name}-{kind}.vtt")
            files[file] = sorted([*files.get(file, ()), *spells], key=lambda one: one.start)
    for file, spells in files.items():
        with writing(file) as stream:
            _write(stream, spells)
    return list(files)


def people_in(found: Found) -> list[Spell]:
    """Spells of faces and persons, by their beginnings. Where faces were searched for, those tell who."""
    kinds = [kind for kind in PEOPLE.values() if kind != "face" or "start_face_search" not in found.ran]
    return sorted((one for kind in kinds for one in found.spells(kind)), key=lambda one: one.start)


def caption_of(spell: Spell) -> str:
    """Who or what it is, with how alike where a face was found in a collection."""
    if spell.kind == "text":
        return spell.name
    if spell.kind == "face":
        return f"face {spell.track}"
    if spell.kind in ("match", "celebrity") and spell.confidence is not None:
        return f"{spell.name} ({spell.confidence:.1f} %)"
    return spell.name


def clock(milliseconds: int) -> str:
    """HH:MM:SS.mmm."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _write(stream: IO[str], spells: Iterable[Spell]) -> None:
    stream.write("WEBVTT\n")
    for number, spell in enumerate(spells, 1):
        stream.write(
            f"\n{number}\n{clock(spell.start)} --> {clock(spell.end)}\n{_escaped(caption_of(spell))}\n"
        )


def _escaped(text: str) -> str:
    """Text of a cue: on one line, without what a player takes for markup."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) or "…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
