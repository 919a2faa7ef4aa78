"""Which picture a face of the source may be of: by its ExternalImageId, by an object's key, by a list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from regard.errors import RegardError
from regard.migration.records import SourceFace

_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png"}
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]")
_OTHER = re.compile(r"[^A-Za-z0-9]")
_IDS = ("face_id", "image_id", "external_image_id")
_KEY = "key"


class Matching(StrEnum):
    """What says which picture a face is of; else it is a CSV file."""

    EXTERNAL_ID = "external-id"
    OBJECT_KEY = "object-key"


class CandidatePictures(Protocol):
    """Finds pictures by faces."""

    def of(self, faces: Sequence[SourceFace]) -> Mapping[str, str]:
        """Keys of the pictures that the faces of one image may be of, each with the name it goes by: where
        names differ, the pictures may be of different people.
        """
        ...


class PicturesByName:
    """By the names of pictures, as applications commonly make ExternalImageIds of them.

    For EXTERNAL_ID an ExternalImageId is a picture's file name, with its suffix or without, or the name of
    its folder: every picture of that folder is a candidate then. For OBJECT_KEY it is the whole key below
    the prefix, with its suffix or without; one character, whichever, stands for each slash and whatever else
    an ExternalImageId can't have. A key without a letter or digit of ASCII's is told from no other so, and
    is nobody's.
    """

    def __init__(self, keys: Iterable[str], matching: Matching, prefix: str = "") -> None:
        self._matching = matching
        self._keys: dict[str, dict[str, str]] = {}
        for key in keys:
            # A prefix may name a picture itself.
            path = PurePosixPath(key.removeprefix(prefix).lstrip("/") or PurePosixPath(key).name)
            for name, whose in self._names(path).items():
                self._keys.setdefault(name, {})[key] = whose

    def _names(self, path: PurePosixPath) -> dict[str, str]:
        """What a picture may be named, and whose each name says that it is."""
        own = str(path.with_suffix(""))
        if self._matching is Matching.OBJECT_KEY:
            named = dict.fromkeys((_plain(str(path)), _plain(own)), own)
            return named if _ALPHANUMERIC.search(own) else {}
        of_folder = {path.parent.name: str(path.parent)} if path.parent.name else {}
        return {path.name: own, path.stem: own, **of_folder}

    def of(self, faces: Sequence[SourceFace]) -> Mapping[str, str]:
        names = [face.external_image_id for face in faces if face.external_image_id]
        if self._matching is Matching.OBJECT_KEY:
            names = [_plain(name) for name in names]
        found: dict[str, str] = {}
        for name in names:
            found |= self._keys.get(name, {})
        return found


class PicturesByList:
    """By a CSV file: a column `key`, and one of `face_id`, `image_id`, `external_image_id`, or several."""

    def __init__(self, file: Path) -> None:
        """Raises RegardError."""
        self._keys: dict[tuple[str, str], list[str]] = {}
        try:
            with file.open(newline="", encoding="utf-8-sig") as lines:
                self._read(csv.DictReader(lines), file)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RegardError(f"{file} can't be read as a CSV file in UTF-8.") from error

    def _read(self, rows: csv.DictReader[str], file: Path) -> None:
        columns = [name for name in _IDS if name in (rows.fieldnames or ())]
        if _KEY not in (rows.fieldnames or ()) or not columns:
            raise RegardError(
                f"{file} needs a column `{_KEY}` and one of {', '.join(_IDS)} in its first line."
            )
        for row in rows:
            for name in columns:
                if row[name] and row[_KEY]:
                    self._keys.setdefault((name, row[name]), []).append(row[_KEY])

    def of(self, faces: Sequence[SourceFace]) -> Mapping[str, str]:
        ids = ((name, getattr(face, name)) for name in _IDS for face in faces)
        return dict.fromkeys((key for one in ids for key in self._keys.get(one, ())), "the list")


def is_picture(key: str) -> bool:
    """Whether an object's name is that of a JPEG or PNG."""
    return PurePosixPath(key).suffix.lower() in _SUFFIXES


def by_image(faces: Iterable[SourceFace]) -> Mapping[str, list[SourceFace]]:
    """Faces by their ImageId, in the order in which the images come first."""
    groups: dict[str, list[SourceFace]] = {}
    for face in faces:
        groups.setdefault(face.image_id, []).append(face)
    return groups


def _plain(name: str) -> str:
    return _OTHER.sub("_", name).lower()
