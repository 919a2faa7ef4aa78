"""Below which folders live sources, and what is written of them, may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regard.video.live.networks import SourceRefused


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """No folder allows no file."""

    folders: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Folders, separated by commas; `~` is the home folder."""
        return cls(tuple(Path(part.strip()).expanduser() for part in text.split(",") if part.strip()))

    def contain(self, path: str | Path) -> bool:
        """Whether the file itself, behind every symbolic link, is below one of them."""
        try:
            place = Path(path).resolve()
            return any(place.is_relative_to(folder.resolve()) for folder in self.folders)
        except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file has
            return False

    def check(self, path: str | Path) -> Path:
        """The file itself. Raises SourceRefused where it is below none of them."""
        if not self.contain(path):
            raise SourceRefused("Its file is in no folder that REGARD_STREAM_FOLDERS names.")
        return Path(path).resolve()
