"""Profiles: which rules an installation holds itself to, in TOML; of several, the strictest value wins.

`base` always holds. `REGARD_PROFILES` names others, of Regard's (`profiles/`) or in files of one's own. The
profiles say which texts they follow and when these were read; they are no legal advice.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import reduce
from pathlib import Path
from typing import Any, Final

from regard.errors import RegardError

_FOLDER: Final = Path(__file__).parent / "profiles"
_BASE: Final = "base"
_ABOUT: Final = frozenset({"title", "sources", "read"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds in an installation.

    `reviewers` is how many independent ratings a candidate needs, by purpose. `exigency_hours` is how soon
    after an exigent start the authority must have been asked (`live`, `recorded`), `decision_hours` how soon
    it must have decided. `bases` maps each ground for following people, live or in recordings, to the
    purposes that it suffices for. `recorded_search` allows face search in stored videos at all, and
    `first_identification` in footage of the offence without an authority, once a case, while nobody knows who
    it is. `mobile` allows searches from telephones, `sketch` with drawn probes; `individuals_only` allows
    live search for listed people alone. `authorization_days` and `training_days` are how long those are good
    for, `candidates` how many a search may answer. `consent_always` asks for consent to every enrolment, and
    `inactivity_days` is when a face goes whose person was not heard of, None for never. `offences` are those
    that a search may investigate, None for any. `retention` is in hours, by what is kept; counts below
    `small_cell` are not published. Who rates more than `percent` of at least `pairs` pairs wrongly whose
    answer is known (`reviewer_error`) rates no more until trained again. After `wrong_leads` of them a
    collection isn't searched before an approver saw to it.
    """

    reviewers: Mapping[str, int]
    exigency_hours: Mapping[str, int]
    decision_hours: int
    bases: Mapping[str, frozenset[str]]
    recorded_search: bool
    first_identification: bool
    individuals_only: bool
    mobile: bool
    sketch: bool
    authorization_days: int
    training_days: int
    candidates: int
    consent_always: bool
    inactivity_days: int | None = None
    offences: tuple[str, ...] | None = None
    retention: Mapping[str, int]
    small_cell: int
    reviewer_error: Mapping[str, int]
    wrong_leads: int


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that were chosen, and the rules that follow.

    `names` begins with `base`; `digest` is the SHA-256, hex, of the rules as sorted JSON.
    """

    names: tuple[str, ...]
    rules: Rules
    digest: str


def load_profiles(chosen: str) -> Profiles:
    """The profiles that a setting names: `eu,us-md`, or files that end in `.toml`; `base` is always there.

    Raises RegardError for one that there isn't, or whose file is wrong.
    """
    named = [name.strip() for name in chosen.split(",") if name.strip()]
    names = tuple(dict.fromkeys([_BASE, *named]))
    joined = reduce(_stricter, (_read(name) for name in names))
    rules = Rules(**joined)
    return Profiles(names, rules, _digest(rules))


def described(rules: Rules) -> dict[str, Any]:
    """The rules as JSON has them, by their names."""
    return {one.name: _plain(getattr(rules, one.name)) for one in fields(rules)}


def profile_names() -> list[str]:
    """The profiles that Regard has."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def _digest(rules: Rules) -> str:
    return hashlib.sha256(json.dumps(described(rules), sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _read(name: str) -> dict[str, Any]:
    """The values of one profile, by the names of `Rules`. Raises RegardError."""
    own = name.endswith(".toml")
    file = Path(name).expanduser() if own else _FOLDER / f"{name}.toml"
    if not own and name not in profile_names():
        raise RegardError(
            f"There is no profile {name[:80]}; there are {', '.join(profile_names())}, or files that end in "
            ".toml."
        )
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise RegardError(
            f"The profile {file.name} can't be read ({error.strerror}); check its path."
        ) from error
    except ValueError as error:
        raise RegardError(f"The profile {file.name} is not TOML: {error}.") from error
    values = {key: value for key, value in content.items() if key not in _ABOUT}
    return {key: _value(file.name, key, value) for key, value in values.items()}


def _value(file: str, key: str, value: Any) -> Any:
    kind = _KINDS.get(key)
    if kind is None:
        raise RegardError(f"The profile {file} has a rule that is not known: {key[:80]}.")
    try:
        return kind.read(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise RegardError(
            f"The profile {file} has no proper value for {key}; see the profile base."
        ) from error


def _stricter(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The stricter of two profiles, value by value."""
    return {
        key: _KINDS[key].stricter(one[key], other[key])
        if key in one and key in other
        else one.get(key, other.get(key))
        for key in one.keys() | other.keys()
    }


@dataclass(frozen=True, slots=True)
class _RuleKind:
    """How a rule is read, and which of two values is the stricter."""

    read: Callable[[Any], Any]
    stricter: Callable[[Any, Any], Any]


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(value)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(value)
    return tuple(value)


def _numbers(value: Any) -> dict[str, int]:
    return {str(name): _number(one) for name, one in value.items()}


def _bases(value: Any) -> dict[str, frozenset[str]]:
    return {str(name): frozenset(_texts(one)) for name, one in value.items()}


def _by_name(choose: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    """The stricter of two tables, name by name; one that only one of them has holds."""

    def joined(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
        return dict(one) | {
            name: choose(value, one[name]) if name in one else value for name, value in other.items()
        }

    return joined


def _shared(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    kept = set(other)
    return tuple(text for text in one if text in kept)


def _shared_bases(
    one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    return {name: one[name] & other[name] for name in one if name in other}


_LOWEST: Final = _RuleKind(_number, min)
_HIGHEST: Final = _RuleKind(_number, max)
_ALLOWS: Final = _RuleKind(_flag, lambda one, other: one and other)
_DEMANDS: Final = _RuleKind(_flag, lambda one, other: one or other)
_KINDS: Final[Mapping[str, _RuleKind]] = {
    "reviewers": _RuleKind(_numbers, _by_name(max)),
    "exigency_hours": _RuleKind(_numbers, _by_name(min)),
    "decision_hours": _LOWEST,
    "bases": _RuleKind(_bases, _shared_bases),
    "recorded_search": _ALLOWS,
    "first_identification": _ALLOWS,
    "individuals_only": _DEMANDS,
    "mobile": _ALLOWS,
    "sketch": _ALLOWS,
    "authorization_days": _LOWEST,
    "training_days": _LOWEST,
    "candidates": _LOWEST,
    "consent_always": _DEMANDS,
    "inactivity_days": _LOWEST,
    "offences": _RuleKind(_texts, _shared),
    "retention": _RuleKind(_numbers, _by_name(min)),
    "small_cell": _HIGHEST,
    "reviewer_error": _RuleKind(_numbers, _by_name(min)),
    "wrong_leads": _LOWEST,
}
