"""Pieces, made as they are asked for, as a file that is read once."""

from __future__ import annotations

import io
from collections.abc import Iterable


class PieceReader(io.RawIOBase):
    """A file to read from front to back; no more is held than what was asked for and one piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """As many bytes as asked for; fewer only at the end."""
        wanted = -1 if size is None else size
        found = bytearray()
        while wanted < 0 or len(found) < wanted:
            if not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._left = memoryview(piece)
            end = len(self._left) if wanted < 0 else wanted - len(found)
            found += self._left[:end]
            self._left = self._left[end:]
        return bytes(found)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
