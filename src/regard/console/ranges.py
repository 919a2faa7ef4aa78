"""Ranges of bytes, as browsers ask for films (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import structlog
from starlette.responses import Response, StreamingResponse

from regard.console.page import RangedContent
from regard.errors import ServiceError

_RANGE: Final = re.compile(r"bytes[ ]*=[ ]*([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)

log = structlog.get_logger(__name__)


class UnsatisfiableRange(Exception):
    """Nothing of the content lies in the range."""


def asked_range(text: str | None, size: int) -> tuple[int, int] | None:
    """The first and the last byte that a Range header asks for, both included, of `size` bytes.

    None for the whole: where there is no header, several ranges, or what is no range of bytes. Raises
    UnsatisfiableRange for one that begins behind the end.
    """
    match = None if text is None else _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:  # the last so many
        if int(last) == 0 or size == 0:
            raise UnsatisfiableRange
        return max(size - int(last), 0), size - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableRange
    return int(first), min(int(last), size - 1) if last else size - 1


def ranged_response(content: RangedContent, method: str, headers: Mapping[str, str]) -> Response:
    """The answer to a GET or HEAD with these headers: 200, 206, or 416."""
    tag = f'"{content.tag}"'
    told = {"Accept-Ranges": "bytes", "ETag": tag}
    condition = headers.get("if-range")
    is_same = condition is None or condition.strip() == tag  # a date tells nothing here: all is sent
    try:
        asked = asked_range(headers.get("range"), content.size) if is_same and method == "GET" else None
    except UnsatisfiableRange:
        return Response(status_code=416, headers={**told, "Content-Range": f"bytes */{content.size}"})
    first, last = asked or (0, content.size - 1)
    told["Content-Length"] = str(last - first + 1)
    if asked is not None:
        told["Content-Range"] = f"bytes {first}-{last}/{content.size}"
    if method == "HEAD":
        return Response(headers=told, media_type=content.media_type)
    status = 200 if asked is None else 206
    return StreamingResponse(_sent(content, first, last), status, told, content.media_type)


def _sent(content: RangedContent, first: int, last: int) -> Iterator[bytes]:
    try:
        yield from content.pieces(first, last)
    except ServiceError as error:  # its length was promised: the connection is cut, and nothing made up
        log.info("a film is not sent to its end", error=error.code)
        raise
