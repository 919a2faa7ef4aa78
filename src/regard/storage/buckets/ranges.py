"""A file that is somewhere else, read piece by piece."""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable

BLOCK = 4 * 1024 * 1024
"""Bytes that are fetched at a time."""

_KEPT = 4  # blocks: a video is read here and there at its beginning and end, and then from front to back


class RangeReader(io.RawIOBase):
    """A seekable file of `size` bytes; `fetch` gives those from a first to a last one, both included.

    No more than four blocks are held. Raises OSError where `fetch` gives less than it was asked for.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._place = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("There is nothing before the beginning of a file.")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, BLOCK)
        piece = self._block(number)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            first = number * BLOCK
            last = min(first + BLOCK, self._size) - 1
            block = self._fetch(first, last)
            if len(block) != last - first + 1:
                raise OSError("A part of the file came incomplete.")
            self._blocks[number] = block
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return block
