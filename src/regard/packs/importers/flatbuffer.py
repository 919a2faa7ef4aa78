"""Read tables of a FlatBuffer without its schema's generated code.

Source: the format's own description, "FlatBuffer Internals". All numbers are little-endian. A table begins
with the signed distance back to its vtable, which gives the offset of each field in the table; a field that
isn't there has its default. Strings, vectors and tables lie at an unsigned distance ahead of the field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_LENGTH = 4  # bytes of a distance and of a vector's length


@dataclass(frozen=True, slots=True)
class FlatTable:
    """The table at byte `position` of `data`. Fields are numbered as in the schema, from 0.

    Each reading raises struct.error or IndexError where it leads out of the data.
    """

    data: bytes = field(repr=False)
    position: int

    @classmethod
    def root(cls, data: bytes) -> FlatTable:
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def number(self, index: int, layout: str, default: int = 0) -> int:
        """An integer of a layout of `struct`: "b" a byte, "i" 32 bits, "I" 32 bits without a sign."""
        place = self._place(index)
        return default if place is None else int(struct.unpack_from(f"<{layout}", self.data, place)[0])

    def numbers(self, index: int) -> tuple[int, ...]:
        """A vector of 32-bit integers."""
        begin, length = self._vector(index)
        return struct.unpack_from(f"<{length}i", self.data, begin)

    def content(self, index: int) -> bytes:
        """A vector of bytes."""
        begin, length = self._vector(index)
        return bytes(struct.unpack_from(f"{length}s", self.data, begin)[0])

    def text(self, index: int) -> str:
        return self.content(index).decode()

    def table(self, index: int) -> FlatTable | None:
        place = self._place(index)
        return None if place is None else FlatTable(self.data, self._follow(place))

    def tables(self, index: int) -> list[FlatTable]:
        """A vector of tables."""
        begin, length = self._vector(index)
        places = range(begin, begin + length * _LENGTH, _LENGTH)
        return [FlatTable(self.data, self._follow(place)) for place in places]

    def _place(self, index: int) -> int | None:
        """Where the field lies, or None for one that has its default."""
        vtable = self.position - struct.unpack_from("<i", self.data, self.position)[0]
        if vtable < 0:
            raise IndexError(f"a vtable before the data, of the table at byte {self.position}")
        size = struct.unpack_from("<H", self.data, vtable)[0]
        entry = _LENGTH + 2 * index
        offset = struct.unpack_from("<H", self.data, vtable + entry)[0] if entry + 2 <= size else 0
        return self.position + offset if offset else None

    def _vector(self, index: int) -> tuple[int, int]:
        """Where the first item lies, and how many there are; none where the field isn't there."""
        place = self._place(index)
        if place is None:
            return self.position, 0
        begin = self._follow(place)
        return begin + _LENGTH, struct.unpack_from("<I", self.data, begin)[0]

    def _follow(self, place: int) -> int:
        return int(place + struct.unpack_from("<I", self.data, place)[0])
