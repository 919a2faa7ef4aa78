"""A model card: what a face model of a pack was measured to do, on which people, and where that ends."""

from __future__ import annotations

import json
import re
import types
import typing
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib import resources
from typing import Any

from regard.errors import RegardError

THRESHOLDS = (50.0, 80.0, 90.0, 95.0, 99.0, 99.9)
_FOLDER = "regard.packs"
_NAME = re.compile(r"[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its 95 % interval. `extrapolated`: smaller than the pairs at hand could show."""

    value: float
    low: float
    high: float
    extrapolated: bool = False


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """The false match rate and the true acceptance rate at a similarity in percent."""

    threshold: float
    distance: float
    false_match: Measured
    true_match: Measured | None


@dataclass(frozen=True, slots=True)
class CardGroup:
    """One group; `pairs` of its people."""

    name: str
    people: int
    pairs: int
    rates: tuple[AtThreshold, ...]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """The groups of one column of one set of pictures."""

    column: str
    data: str
    groups: tuple[CardGroup, ...]


@dataclass(frozen=True, slots=True)
class GalleryRate:
    """The probability that a search finds a wrong person in a gallery of `size` people."""

    size: int
    threshold: float
    false_positive: Measured


@dataclass(frozen=True, slots=True)
class AttributeMetric:
    """One measured number of one attribute of a face, on `count` faces of `data`."""

    attribute: str
    metric: str
    value: float
    low: float | None
    high: float | None
    data: str
    count: int


@dataclass(frozen=True, slots=True)
class Training:
    """What was trained here, by which command, on which data, under which terms."""

    head: str
    made_by: str
    data: str
    terms: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """`model`: the version of the face model. `data`: what `rates` and `galleries` were measured on."""

    pack: str
    model: str
    data: str
    pictures: int
    people: int
    pairs: int
    rates: tuple[AtThreshold, ...]
    groups: tuple[GroupTable, ...]
    galleries: tuple[GalleryRate, ...]
    method: tuple[str, ...]
    attributes: tuple[AttributeMetric, ...]
    training: tuple[Training, ...]
    limits: tuple[str, ...]

    @classmethod
    def load(cls, pack: str, version: str) -> ModelCard:
        """The card of a face model in a pack that comes with Regard. Raises RegardError for none."""
        file = resources.files(_FOLDER).joinpath("cards", f"{pack}-{version}.json")
        if not _NAME.fullmatch(f"{pack}-{version}") or not file.is_file():
            raise RegardError(f"The pack {pack} has no model card of face model {version}.")
        return cls.parse(file.read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> ModelCard:
        """A card from its JSON. Raises RegardError where it is none."""
        try:
            card: ModelCard = _build(cls, json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise RegardError(f"The model card is damaged: {error!r}.") from error
        return card

    def facts(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def dump(self) -> str:
        """As JSON text, numbers rounded to six digits."""
        return json.dumps(_rounded(self.facts()), indent=1, ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _build(kind: Any, value: Any) -> Any:
    """A value of an annotated type from JSON."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = {field.name for field in fields(kind)}
        if unknown := set(value) - known:
            raise KeyError(*sorted(unknown))
        made: Any = kind
        return made(**{name: _build(hints[name], item) for name, item in value.items()})
    if typing.get_origin(kind) is tuple:
        return tuple(_build(typing.get_args(kind)[0], item) for item in value)
    if isinstance(kind, types.UnionType):
        return None if value is None else _build(typing.get_args(kind)[0], value)
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
