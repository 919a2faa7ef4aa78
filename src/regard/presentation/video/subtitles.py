"""Text and people as WebVTT (W3C, WebVTT: The Web Video Text Tracks Format)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import IO

from regard.presentation.files import writing
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.sightings import CELEBRITY, FACE, MATCH, PERSON, TEXT
from regard.presentation.video.spells import Spell, spells

PEOPLE = (MATCH, CELEBRITY, FACE, PERSON)
"""The kinds of sightings that subtitles name people by."""


def has_subtitles(ran: Collection[str]) -> bool:
    """Whether the analyses of these Start operations find what subtitles show."""
    return any(kind.operation in ran for kind in (TEXT, *PEOPLE))


def write_subtitles(found: VideoFindings, target: Path) -> list[Path]:
    """One file where `target` ends with .vtt; else one for text and one for people, which begin with it."""
    kinds = {
        "text": spells(found, TEXT) if TEXT.operation in found.ran else None,
        "people": people_in(found) if any(kind.operation in found.ran for kind in PEOPLE) else None,
    }
    files: dict[Path, list[Spell]] = {}
    for kind, shown in kinds.items():
        if shown is not None:
            file = target if target.suffix == ".vtt" else target.with_name(f"{target.name}-{kind}.vtt")
            files[file] = sorted([*files.get(file, ()), *shown], key=lambda one: one.start)
    for file, shown in files.items():
        with writing(file) as stream:
            _write(stream, shown)
    return list(files)


def people_in(found: VideoFindings) -> list[Spell]:
    """Spells of faces and persons, by their beginnings. Where faces were searched for, those tell who."""
    kinds = [kind for kind in PEOPLE if kind is not FACE or MATCH.operation not in found.ran]
    return sorted((one for kind in kinds for one in spells(found, kind)), key=lambda one: one.start)


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


def _write(stream: IO[str], shown: Iterable[Spell]) -> None:
    stream.write("WEBVTT\n")
    for number, spell in enumerate(shown, 1):
        stream.write(
            f"\n{number}\n{clock(spell.start)} --> {clock(spell.end)}\n{_escaped(caption_of(spell))}\n"
        )


def _escaped(text: str) -> str:
    """Text of a cue: on one line, without what a player takes for markup."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) or "…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
