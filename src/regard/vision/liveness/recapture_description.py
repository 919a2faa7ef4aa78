"""The TOML file that describes a network against recaptures, read and checked."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from regard.vision.liveness.recapture import RecaptureAdapter, RecaptureCounts

_DIGITS: Final = 16
_SIDES: Final = range(16, 1025)
_MARGINS: Final = (0.5, 8.0)
_ORDERS: Final = ("RGB", "BGR")
_LAYOUTS: Final = ("NCHW", "NHWC")
_KNOWN: Final = frozenset(
    {
        "network",
        "input",
        "margin",
        "size",
        "order",
        "layout",
        "mean",
        "deviation",
        "live",
        "softmax",
        "threshold",
        "card",
    }
)


def read_adapter(file: Path) -> RecaptureAdapter:
    """The adapter that a TOML file describes; its network lies beside it. Raises ValueError, with a sentence
    that says what is wrong, and OSError for a file that can't be read.
    """
    content = file.read_bytes()
    try:
        told = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError("It is no TOML file.") from error
    unknown = told.keys() - _KNOWN
    if unknown:
        raise ValueError(
            f"It has {min(unknown)!r}, which is not known; known are {', '.join(sorted(_KNOWN))}."
        )
    name = _of(told, "network", str)
    if Path(name).name != name:
        raise ValueError("network names a file beside the description, without a folder.")
    network = file.parent / name
    digest = hashlib.sha256(content + hashlib.sha256(network.read_bytes()).digest()).hexdigest()[:_DIGITS]
    margin, size = float(_of(told, "margin", int, float)), _of(told, "size", int)
    threshold = float(_of(told, "threshold", int, float))
    live = _of(told, "live", int)
    if not _MARGINS[0] <= margin <= _MARGINS[1] or size not in _SIDES:
        raise ValueError(f"margin is {_MARGINS[0]} to {_MARGINS[1]}, size {_SIDES[0]} to {_SIDES[-1]} px.")
    if not 0 < threshold < 1 or live < 0:
        raise ValueError("threshold lies between 0 and 1, and live is a class, counted from 0.")
    deviation = _three(told, "deviation", 1.0)
    if min(deviation) <= 0:
        raise ValueError("deviation has three numbers above 0.")
    return RecaptureAdapter(
        network=network,
        input=_of(told, "input", str),
        margin=margin,
        size=size,
        order=_choice(told, "order", _ORDERS),
        layout=_choice(told, "layout", _LAYOUTS),
        mean=_three(told, "mean", 0.0),
        deviation=deviation,
        live=live,
        is_softmax=_of({"softmax": True, **told}, "softmax", bool),
        threshold=threshold,
        counts=_counts(told["card"]) if "card" in told else None,
        digest=digest,
    )


def _counts(told: Any) -> RecaptureCounts:
    if not isinstance(told, dict) or told.keys() != {"people", "people_refused", "attacks"}:
        raise ValueError("card has people, people_refused and attacks.")
    people, refused = _of(told, "people", int), _of(told, "people_refused", int)
    attacks = []
    for one in told["attacks"] if isinstance(told["attacks"], list) else []:
        if not isinstance(one, dict) or one.keys() != {"species", "presentations", "accepted"}:
            raise ValueError("Each of card.attacks has species, presentations and accepted.")
        attacks.append((_of(one, "species", str), _of(one, "presentations", int), _of(one, "accepted", int)))
    pairs = [(people, refused), *((presented, accepted) for _, presented, accepted in attacks)]
    if not attacks or any(not 0 <= some <= whole or whole < 1 for whole, some in pairs):
        raise ValueError(
            "card counts people and at least one species of attack, and no more than there were."
        )
    return RecaptureCounts(people, refused, tuple(attacks))


def _of(told: Mapping[str, Any], name: str, *kinds: type) -> Any:
    value = told.get(name)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"It needs {name}, {' or '.join(kind.__name__ for kind in kinds)}.")
    return value


def _choice(told: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = told.get(name, values[0])
    if value not in values:
        raise ValueError(f"{name} is {' or '.join(values)}.")
    return str(value)


def _three(told: Mapping[str, Any], name: str, otherwise: float) -> tuple[float, float, float]:
    value = told.get(name, [otherwise] * 3)
    is_three = isinstance(value, list) and len(value) == 3
    if not is_three or not all(isinstance(one, int | float) and math.isfinite(one) for one in value):
        raise ValueError(f"{name} has three numbers, one for each channel.")
    return float(value[0]), float(value[1]), float(value[2])
