"""What a service model says of its shapes, which is a little HTML, as Markdown."""

from __future__ import annotations

import html
import re
from typing import Final

_CODE: Final = re.compile(r"</?code>")
_TAG: Final = re.compile(r"<[^>]*>")
_SENTENCE: Final = re.compile(r".*?[.:](?=\s|$)", re.DOTALL)


def markdown(documentation: str) -> str:
    """The text of a documentation string, on one line."""
    text = html.unescape(_TAG.sub(" ", _CODE.sub("`", documentation)))
    return " ".join(text.split())


def first_sentence(documentation: str) -> str:
    """Its first sentence, without the full stop."""
    text = markdown(documentation)
    match = _SENTENCE.match(text)
    return (match[0] if match else text).rstrip(".:")
