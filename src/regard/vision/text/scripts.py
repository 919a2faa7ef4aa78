"""Which script a text is written in, so that a doubtful character of another doesn't slip into it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats

SURE = 0.9  # probability from which a character is believed whatever stands around it


class Script(IntEnum):
    """`COMMON`: digits, punctuation, signs, which go with every script."""

    COMMON = 0
    LATIN = 1
    EAST_ASIAN = 2
    GREEK = 3


# By the first word of a character's name in Unicode.
_BY_NAME = {
    "LATIN": Script.LATIN,
    "CJK": Script.EAST_ASIAN,
    "HIRAGANA": Script.EAST_ASIAN,
    "KATAKANA": Script.EAST_ASIAN,
    "HALFWIDTH": Script.EAST_ASIAN,
    "GREEK": Script.GREEK,
    "COPTIC": Script.GREEK,
}


@cache
def script_of(character: str) -> Script:
    """Of a character as the network names it, which may be none, or one with accents of its own."""
    name = unicodedata.name(character[0], "") if character else ""
    return _BY_NAME.get(name.partition(" ")[0], Script.COMMON)


def strangers_in(scripts: Sequence[Script], probabilities: Floats) -> NDArray[np.bool_]:
    """Which characters (N,) are doubtful ones of another script in a Latin text.

    East Asian texts have Latin letters in them as a rule, so that nothing is a stranger there. The text's own
    script is the one that its characters, by their probabilities (N,), are most likely of.
    """
    written = np.array(scripts, np.intp)
    weights = np.bincount(written, weights=probabilities, minlength=len(Script))
    weights[Script.COMMON] = 0
    if weights.argmax() != Script.LATIN:
        return np.zeros(len(written), np.bool_)
    foreign = (written != Script.COMMON) & (written != Script.LATIN)
    return np.asarray(foreign & (probabilities < SURE))


def is_stranger(text: str, certainty: float, others: Sequence[tuple[str, float]]) -> bool:
    """Whether a doubtful text is of a script in which none of the sure `others` of its picture is written.

    `certainty`: 0 to 1, the mean probability of a text's characters.
    """
    own = _written(text)
    known = {script for other, sure in others if sure >= SURE for script in _written(other)}
    return certainty < SURE and bool(own) and bool(known) and not own & known


def _written(text: str) -> frozenset[Script]:
    return frozenset(map(script_of, text)) - {Script.COMMON}
