"""The labels that Regard knows with what they are (labels.toml), those that stand for ImageNet's classes
(imagenet.csv), and CSS's colours (colours.csv).
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HERE = files("regard.vision.taxonomy")


@dataclass(frozen=True, slots=True)
class Concept:
    """What is known of a label. `parents`: all its ancestors, by name; `object`: COCO's class, if any."""

    name: str
    category: str
    parents: tuple[str, ...]
    aliases: tuple[str, ...]
    object: str | None


@dataclass(frozen=True, slots=True)
class NamedColour:
    """One of CSS's colours. Of two names for one colour: the older, else the one that is spelled `grey`."""

    name: str
    red: int
    green: int
    blue: int
    simplified: str


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """`concepts` by name; `objects` by COCO's class; `classes`: the label of each of ImageNet's 1,000
    classes, in order, None where none can be told honestly.
    """

    concepts: Mapping[str, Concept]
    objects: Mapping[str, Concept]
    classes: tuple[str | None, ...]
    categories: tuple[str, ...]


@cache
def load_taxonomy() -> Taxonomy:
    """Raises ValueError when a parent is missing, a label is its own ancestor, or a class has an unknown
    label.
    """
    document = tomllib.loads(_HERE.joinpath("labels.toml").read_text("utf-8"))
    entries = document["labels"]
    nearest = {name: tuple(entry.get("parents", ())) for name, entry in entries.items()}
    concepts = {
        name: Concept(
            name=name,
            category=entry["category"],
            parents=tuple(sorted(_ancestors(name, nearest))),
            aliases=tuple(entry.get("aliases", ())),
            object=entry.get("object"),
        )
        for name, entry in entries.items()
    }
    objects = {concept.object: concept for concept in concepts.values() if concept.object}
    return Taxonomy(concepts, objects, _classes(concepts), tuple(document["categories"]))


@cache
def load_colours() -> tuple[NamedColour, ...]:
    with _HERE.joinpath("colours.csv").open("r", encoding="utf-8") as file:
        return tuple(
            NamedColour(row["name"], *_channels(row["hex"]), row["simplified"])
            for row in csv.DictReader(file)
        )


def _classes(concepts: Mapping[str, Concept]) -> tuple[str | None, ...]:
    with _HERE.joinpath("imagenet.csv").open("r", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    unknown = {row["label"] for row in rows} - {"", *concepts}
    if unknown:
        raise ValueError(f"ImageNet's classes are given {sorted(unknown)[0]!r}, which is no label")
    return tuple(row["label"] or None for row in rows)


def _channels(hexadecimal: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hexadecimal.removeprefix("#"))
    return red, green, blue


def _ancestors(name: str, nearest: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    waiting = list(nearest[name])
    while waiting:
        parent = waiting.pop()
        if parent not in nearest:
            raise ValueError(f"{name} has the parent {parent}, which is no label")
        if parent == name:
            raise ValueError(f"{name} is its own ancestor")
        if parent not in found:
            found.add(parent)
            waiting += nearest[parent]
    return found
