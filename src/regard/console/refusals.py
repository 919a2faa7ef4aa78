"""What operations answer when they refuse, for people to read in their language.

An operation's sentence holds values, so that it is found by its template. One that has none stays English, as
every sentence does that a program gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    for template, pattern in _patterns():
        found = pattern.fullmatch(message)
        if found is not None:
            return template, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for template in TEMPLATES:
        texts = _VALUE.split(template)  # words and names of values by turns
        parts = (
            f"(?P<{one}>.+?)" if place % 2 else re.escape(one.replace("%%", "%"))
            for place, one in enumerate(texts)
        )
        made.append((template, re.compile("".join(parts), re.DOTALL)))
    return tuple(made)
