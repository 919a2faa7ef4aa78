"""Texts of others as they can be shown anywhere, and numbers with their nouns."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with control characters, and bytes that are no UTF-8, spelled out as backslash escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def count(number: int, noun: str) -> str:
    """`1 face`, `2 faces`, `1,000 faces`."""
    plural = noun + ("es" if noun.endswith("ch") else "s")
    return f"{number:,} {noun if number == 1 else plural}"
