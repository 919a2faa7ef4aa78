"""A folder of pictures with what is known of them: who each shows, and to which groups they belong."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regard.errors import RegardError
from regard.evaluation.choices import Identities
from regard.vision.faces.attributes import Gender

LABELS = "labels.csv"
GENDER, AGE = "gender", "age"
_OWN = {"file", "identity", AGE}  # columns that are no groups as they are
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png"}
_GENDERS = {
    **dict.fromkeys(("f", "female", "woman", "women"), Gender.FEMALE),
    **dict.fromkeys(("m", "male", "man", "men"), Gender.MALE),
}
_AGE = re.compile(r"(?:more than )?(\d+(?:\.\d+)?)(?:\s*[-–]\s*(\d+(?:\.\d+)?)|(\+))?")
_BANDS = ((0, "under 18"), (18, "18–29"), (30, "30–44"), (45, "45–59"), (60, "60 and over"))
AGES = tuple(name for _, name in _BANDS)  # the groups of the column `age`


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. `name`: its path in the folder. `groups`: group by column, where it is known.

    `age`: the minimum and the maximum, in years, alike where the age is known exactly.
    """

    file: Path
    name: str
    identity: str
    groups: Mapping[str, str]
    age: tuple[float, float] | None = None
    gender: Gender | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The pictures of a folder. `columns`: the group columns. `identified`: the labels say who is who.

    `refused`: files that are not read, with the reason in a sentence.
    """

    samples: tuple[Sample, ...]
    columns: tuple[str, ...]
    identified: bool
    refused: tuple[tuple[str, str], ...] = ()


def read_dataset(
    folder: Path,
    labels: Path | None = None,
    *,
    identities: Identities = Identities.AUTO,
    required: bool = True,
) -> Dataset:
    """The pictures that the labels name, a CSV file with the column `file`, paths within the folder.

    Other columns: `identity`, `age` (years, or a range such as 30-39), and groups, of which `gender` is one.
    An age makes the group column `age`, in bands. Without `labels` the file is FOLDER/labels.csv; where there
    is none and none is `required`, every picture below the folder is taken. Raises RegardError in a sentence.
    """
    if not folder.is_dir():
        raise RegardError(f"There is no folder {folder}.")
    chosen = folder / LABELS if labels is None else labels
    if labels is None and not chosen.exists():
        if required:
            raise RegardError(f"There is no {chosen}; name the labels with --labels.")
        return _unlabelled(folder, identities)
    header, rows = _rows(chosen)
    columns = tuple(name for name in header if name and name not in _OWN) + ((AGE,) if AGE in header else ())
    samples, refused, seen = [], [], set[str]()
    root = folder.resolve()
    for line, row in rows:
        name = os.path.normpath(row["file"])
        if name in seen:
            raise RegardError(f"{chosen}, line {line}: {name} is there already.")
        seen.add(name)
        file = root / name
        if not file.resolve().is_relative_to(root):
            refused.append((name, f"It is not within {folder}."))
            continue
        samples.append(_sample(file, name, row, columns, identities, f"{chosen}, line {line}"))
    if not samples:
        raise RegardError(f"{chosen} names no picture in {folder}.")
    identified = "identity" in header and identities is Identities.AUTO
    return Dataset(tuple(samples), columns, identified, tuple(refused))


def _rows(labels: Path) -> tuple[Sequence[str], Iterator[tuple[int, dict[str, str]]]]:
    """The header, in small letters, and each row with its line number."""
    try:
        text = labels.read_text("utf-8-sig")
    except OSError as error:
        raise RegardError(f"{labels} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RegardError(f"{labels} is not UTF-8 text.") from error
    first = text.partition("\n")[0]
    table = csv.reader(text.splitlines(), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        lines = [(table.line_num, row) for row in table if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise RegardError(f"{labels}, line {table.line_num}: {error}.") from error
    header = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    if "file" not in header:
        raise RegardError(f"{labels} has no column `file`; its first line must name the columns.")
    if len(set(header)) < len(header):
        raise RegardError(f"{labels} has two columns of one name.")
    return header, _named(labels, header, lines[1:])


def _named(
    labels: Path, header: Sequence[str], lines: Sequence[tuple[int, list[str]]]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, cells in lines:
        if len(cells) > len(header):
            raise RegardError(f"{labels}, line {line}: it has {len(cells)} values for {len(header)} columns.")
        row = dict.fromkeys(header, "") | dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if not row["file"]:
            raise RegardError(f"{labels}, line {line}: it names no file.")
        yield line, row


def _sample(
    file: Path, name: str, row: Mapping[str, str], columns: Sequence[str], identities: Identities, where: str
) -> Sample:
    age = _age(row[AGE], where) if row.get(AGE) else None
    gender = _GENDERS.get(row.get(GENDER, "").lower())
    groups = {column: row[column] for column in columns if column != AGE and row[column]}
    if gender is not None:
        groups[GENDER] = gender.value
    if age is not None:
        groups[AGE] = _band(age)
    identity = row.get("identity", "") if identities is Identities.AUTO and "identity" in row else None
    if identity == "":
        raise RegardError(f"{where}: {name} has no identity.")
    return Sample(file, name, identity or _identity(name, identities), groups, age, gender)


def _unlabelled(folder: Path, identities: Identities) -> Dataset:
    root = folder.resolve()
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
    inside = [file for file in files if file.resolve().is_relative_to(root)]
    if not inside:
        raise RegardError(f"There is no JPEG or PNG in {folder}.")
    names = [str(file.relative_to(root)) for file in inside]
    samples = [
        Sample(file, name, _identity(name, identities), {}) for file, name in zip(inside, names, strict=True)
    ]
    return Dataset(tuple(samples), (), False)


def _identity(name: str, identities: Identities) -> str:
    """Who a file shows: the folder that it is in. Directly in the top folder each is of somebody else."""
    folder = str(Path(name).parent)
    return name if identities is Identities.FILE or folder == "." else folder


def _age(text: str, where: str) -> tuple[float, float]:
    found = _AGE.fullmatch(text.lower())
    if found is None:
        raise RegardError(f"{where}: an age is in years, such as 34 or 30-39, not {text!r}.")
    low = float(found[1])
    if found[3] or text.lower().startswith("more"):
        return low, math.inf
    return low, max(low, float(found[2] or low))


def _band(age: tuple[float, float]) -> str:
    """The group of an age; of a range of years, such as 40 to 49, that of its middle, 45."""
    low, high = age
    middle = low if high == low or math.isinf(high) else (low + high + 1) / 2
    return next(name for lowest, name in reversed(_BANDS) if middle >= lowest)
