"""What leaves of an answer that was found under other rules than hold now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regard.jobs.records import Item


@dataclass(frozen=True, slots=True)
class MatchPath:
    """Where an answer says how alike two faces are.

    `lists` are the members that lead to the entries, each a list of structures, those before the last
    perhaps a structure: `("Persons", "FaceMatches")`. `number` leads from an entry to its percentage. Where
    `keeps_entry` is true, an entry loses the number alone wherever there is a floor, since it says something
    else besides.
    """

    lists: tuple[str, ...]
    number: tuple[str, ...]
    keeps_entry: bool = False


def withhold(path: MatchPath | None, answer: dict[str, Any], floor: float | None) -> dict[str, Any]:
    """The answer without matches below `floor`, in percent.

    What stands around a match stays: of a person in a video whom nobody resembles enough, that they were
    there.
    """
    if path is None or floor is None:
        return answer
    return dict(_without(answer, path, path.lists, floor))


def withhold_found(path: MatchPath | None, items: Sequence[Item], floor: float | None) -> Sequence[Item]:
    """The same for what an analysis finds, before it is kept: its items are entries of the first list."""
    if path is None or floor is None:
        return items
    first, *deeper = path.lists
    bodies = [_without({first: [item.body]}, path, (first, *deeper), floor)[first] for item in items]
    return [replace(item, body=kept[0]) for item, kept in zip(items, bodies, strict=True) if kept]


def _without(
    structure: Mapping[str, Any], path: MatchPath, lists: Sequence[str], floor: float
) -> Mapping[str, Any]:
    first, *deeper = lists
    if first not in structure:
        return structure
    if isinstance(structure[first], Mapping):
        return {**structure, first: _without(structure[first], path, deeper, floor)}
    if deeper:
        entries = [_without(entry, path, deeper, floor) for entry in structure[first]]
    else:
        entries = [kept for entry in structure[first] if (kept := _entry(entry, path, floor)) is not None]
    return {**structure, first: entries}


def _entry(entry: Mapping[str, Any], path: MatchPath, floor: float) -> Mapping[str, Any] | None:
    """The entry as it may be shown, or None."""
    if path.keeps_entry:
        [name] = path.number
        return {member: value for member, value in entry.items() if member != name}
    percent = _number(entry, path.number)
    return entry if percent is None or percent >= floor else None


def _number(entry: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = entry
    for name in path:
        if name not in value:
            return None
        value = value[name]
    return float(value)
