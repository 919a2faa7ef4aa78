"""The service model's regular expressions, which are Java's, as Python's.

Source of the differences: https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Final

LONGEST_PATTERNED: Final = 2048
"""Length that a string may have where the model gives a pattern and no maximum, all of them ARNs.

AWS's longest ARNs have 2,048 characters. SNSTopicArn's pattern takes time that is quadratic in the length.
"""

_URL: Final = re.compile(r"(rtsp|rtsps|rtmp|srt|http|https|file)://\S+", re.ASCII)
_WEB: Final = re.compile(r"https?://\S+", re.ASCII)
_URL_TOO: Final = {"KinesisVideoArn": _URL, "KinesisDataArn": _URL, "SNSTopicArn": _WEB}

_PLANES: Final = 0x40000
"""Unicode has letters, numbers and separators in planes 0 to 3 only; a test holds that."""

_JAVA: Final = re.compile(r"\\p\{([A-Z][a-z]?)\}|\\(.)|([\[\].])", re.DOTALL)


def matches(pattern: str, value: str, shape: str = "") -> bool:
    """Whether the whole of `value` matches a pattern of the service model.

    `shape` is the name of the string's shape: where AWS needs the ARN of a video or data stream, or of a
    topic for notifications, a URL is taken too.
    """
    if python_pattern(pattern).fullmatch(value):
        return True
    return shape in _URL_TOO and _URL_TOO[shape].fullmatch(value) is not None


@lru_cache(maxsize=128)
def python_pattern(pattern: str) -> re.Pattern[str]:
    """In Java `\\d`, `\\w` and `\\s` are ASCII, `.` stops at five line ends, `\\p{L}` is a category."""
    inside = False

    def python(match: re.Match[str]) -> str:
        nonlocal inside
        category, escaped, mark = match.groups()
        if category:
            return _category(category) if inside else f"[{_category(category)}]"
        if escaped is not None:
            return match[0]
        if mark == "." and not inside:
            return r"[^\n\r\u0085\u2028\u2029]"
        inside = mark == "[" or (inside and mark == ".")
        return mark

    return re.compile(_JAVA.sub(python, pattern), re.ASCII)


def _category(category: str) -> str:
    """The inside of a character class that holds a Unicode category such as `L` or `Zs`."""
    return "".join(
        f"\\U{first:08x}-\\U{last:08x}" for name, first, last in _runs() if name.startswith(category)
    )


@lru_cache(maxsize=1)
def _runs() -> tuple[tuple[str, int, int], ...]:
    """Runs of characters of one Unicode category: name, first, last (about 0.1 s, once)."""
    runs: list[tuple[str, int, int]] = []
    first = 0
    for name, points in groupby(map(unicodedata.category, map(chr, range(_PLANES)))):
        end = first + sum(1 for _ in points)
        runs.append((name, first, end - 1))
        first = end
    return tuple(runs)
