"""What operations answer when they refuse, for people to read in their language.

An operation's sentence holds values, so that it is found by its template. One that has none stays English, as
every sentence does that a program gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from regard.console.languages import Texts
from regard.console.refusal_templates import TEMPLATES

_VALUE: Final = re.compile(r"%\((\w+)\)s")


def said_refusal(texts: Texts, message: str) -> str:
    """The sentence in a language, or as it is where it has no template."""
    said = texts.gettext(message)
    if said != message:
        return said
    found = template_of(message)
    return message if found is None else texts.gettext(found[0]) % found[1]


def template_of(message: str) -> tuple[str, Mapping[str, str]] | None:
    """The template of a sentence, and the values that it holds."""
    for template, words, names in _split_templates():
        values = _values(message, words)
        if values is not None:
            return template, dict(zip(names, values, strict=True))
    return None


def _values(message: str, words: Sequence[str]) -> list[str] | None:
    """What stands between these words in a message, one character at least; None where they aren't in it.

    Each is looked for once, from where the one before ended: a message holds what somebody typed, and an
    expression that goes back and tries again would take the fourth power of its length.
    """
    first, *others = words
    if not others:
        return [] if message == first else None
    if not message.startswith(first):
        return None
    values, start, last = [], len(first), len(message) - len(others[-1])
    for word in others[:-1]:
        found = message.find(word, start + 1)
        if found < 0:
            return None
        values.append(message[start:found])
        start = found + len(word)
    if last <= start or not message.endswith(others[-1]):
        return None
    return [*values, message[start:last]]


@cache
def _split_templates() -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    """Each template, its words and the names of the values between them."""
    made = []
    for template in TEMPLATES:
        texts = _VALUE.split(template)
        made.append((template, tuple(one.replace("%%", "%") for one in texts[::2]), tuple(texts[1::2])))
    return tuple(made)
