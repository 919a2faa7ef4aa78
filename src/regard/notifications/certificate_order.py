"""Certificates of a time-stamp, put in the order that DER asks for.

OpenSSL (`openssl ts`), which many authorities run, sends them in the order of its files, and rfc3161-client
reads none that are in another order than DER's (X.690, 11.6). They are not part of what is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SEQUENCE: Final = 0x30
_FIRST: Final = 0xA0  # [0], constructed: of ContentInfo its content, of SignedData its certificates
_LONG: Final = 0x80  # from which on a length's first byte is the number of those that follow
_MAX_LENGTH: Final = 4  # bytes


@dataclass(frozen=True, slots=True)
class _Element:
    """`content` to `end` is what it holds, `begin` where its tag is."""

    tag: int
    begin: int
    content: int
    end: int


def with_sorted_certificates(answer: bytes) -> bytes:
    """A TimeStampResp (RFC 3161, DER) with its certificates sorted; as it is where it holds none.

    Raises ValueError for what isn't DER.
    """
    found = _certificates(answer)
    if found is None:
        return answer
    certificates = sorted(answer[one.begin : one.end] for one in _elements(answer, found.content, found.end))
    return answer[: found.content] + b"".join(certificates) + answer[found.end :]


def _certificates(answer: bytes) -> _Element | None:
    whole = next(_elements(answer, 0, len(answer)), None)
    _, token = _pair(answer, whole)  # PKIStatusInfo, ContentInfo
    _, content = _pair(answer, token)  # its type
    signed = None if content is None else next(_elements(answer, content.content, content.end), None)
    if signed is None or signed.tag != _SEQUENCE:
        return None
    parts = _elements(answer, signed.content, signed.end)
    return next((one for one in parts if one.tag == _FIRST), None)


def _pair(answer: bytes, whole: _Element | None) -> tuple[_Element | None, _Element | None]:
    """The first two elements of a sequence, as far as there are some."""
    if whole is None or whole.tag != _SEQUENCE:
        return None, None
    parts = _elements(answer, whole.content, whole.end)
    return next(parts, None), next(parts, None)


def _elements(data: bytes, begin: int, end: int) -> Iterator[_Element]:
    """Those that lie from `begin` to `end`, one behind another."""
    while begin < end:
        one = _element(data, begin, end)
        yield one
        begin = one.end


def _element(data: bytes, begin: int, end: int) -> _Element:
    if begin + 2 > end:
        raise ValueError("An element is cut off.")
    length, content = data[begin + 1], begin + 2
    if length >= _LONG:
        count = length - _LONG
        if not 1 <= count <= _MAX_LENGTH or content + count > end:
            raise ValueError("An element has no length that DER knows.")
        length, content = int.from_bytes(data[content : content + count], "big"), content + count
    if content + length > end:
        raise ValueError("An element is cut off.")
    return _Element(data[begin], begin, content, content + length)
