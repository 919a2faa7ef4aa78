"""Manifests as files: their lines, none of which is held beyond a limit, and the references in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_REFERENCE: Final = re.compile(r"s3://([0-9A-Za-z._-]{3,255})/(.+)", re.DOTALL)
_LONGEST_KEY: Final = 1024  # bytes, as in S3


def read_lines(file: BinaryIO, passed: Callable[[bytes], object], *, longest: int) -> Iterator[bytes | None]:
    """The lines as they are, None for one of `longest` bytes or more; `passed` is shown every byte read."""
    first = file.tell() == 0
    while piece := file.readline(longest):
        passed(piece)
        too_long = len(piece) == longest and not piece.endswith(b"\n")
        rest = piece
        while too_long and rest and not rest.endswith(b"\n"):
            rest = file.readline(longest)
            passed(rest)
        yield None if too_long else piece.removeprefix(_BYTE_ORDER_MARK) if first else piece
        first = False


def is_blank(line: bytes | None) -> bool:
    return line is not None and not line.strip()


def read_reference(text: str) -> tuple[str, str] | None:
    """Bucket and key of a source-ref, s3://BUCKET/KEY; None of what is none.

    A key has no NUL, no half of a surrogate pair, and 1,024 bytes at most.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None or "\0" in text:
        return None
    try:
        fits = len(match[2].encode("utf-8")) <= _LONGEST_KEY
    except UnicodeEncodeError:
        return None
    return (match[1], match[2]) if fits else None
