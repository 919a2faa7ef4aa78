"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from regard.errors import RegardError


@contextmanager
def writing(target: Path) -> Iterator[IO[str]]:
    """A text file in UTF-8 that takes its place when it is complete. Raises RegardError."""
    with drafting(target) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def drafting(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to, which takes its place when all went well. Raises RegardError."""
    draft = target.with_name(f".{target.name}.draft")
    try:
        yield draft
        draft.replace(target)
    except OSError as error:
        raise RegardError(f"{target} can't be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def check_target(target: Path, source: Path) -> None:
    """Before hours of work: raises RegardError where nothing can be written, or over the video itself."""
    if target.is_dir():
        raise RegardError(f"{target} is a folder; name a file.")
    if not target.parent.is_dir():
        raise RegardError(f"There is no folder {target.parent} to write {target.name} in.")
    if target.exists() and source.exists() and target.samefile(source):
        raise RegardError(f"{target} is the video itself; name another file to write.")
