"""Which rows of a gallery an index holds, where several hold it together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowPart:
    """The rows whose remainder by `of` is `number`; of one, all. A row's part never changes, and parts are
    as large as one another, to within chance.
    """

    number: int = 0
    of: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether no row is left out."""
        return self.of == 1

    @property
    def name(self) -> str:
        """As its folder is called."""
        return f"{self.number}-of-{self.of}"


WHOLE = RowPart()
