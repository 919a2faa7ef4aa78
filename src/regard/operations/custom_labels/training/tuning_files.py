"""How far a fine-tuning has come, in files of the worker's data folder, each named by its digest.

The step that a job commits says which file counts. One that isn't there, since another machine goes on with
the job, or that is damaged, has the training begin again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from regard.errors import InternalServerError
from regard.operations.custom_labels.training.feature_file import FOLDER
from regard.storage.durable_files import sync_folder

ENDING: Final = ".tuning"


class TuningFiles:
    """Those of one job."""

    def __init__(self, data: Path, job_id: str) -> None:
        """`data` is the data folder."""
        self._folder = data / "custom" / FOLDER
        self._job_id = job_id

    def put(self, content: bytes) -> str:
        """Keeps a file, on disk on return; its SHA-256, hex. Raises InternalServerError where there is no
        room.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        half = path.with_suffix(".half")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
            sync_folder(self._folder)
        except OSError as error:
            raise InternalServerError(
                "The disk of the worker's data folder is full or failing. Make room on it and try again."
            ) from error
        return digest

    def get(self, digest: str) -> bytes | None:
        """What was kept under a digest; None where it is gone or damaged."""
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def keep_only(self, *digests: str) -> None:
        """Removes the job's other files."""
        kept = {self._path(digest) for digest in digests}
        for path in self._folder.glob(f"{self._job_id}.*"):
            if path.suffix in (ENDING, ".half") and path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{self._job_id}.{digest[:32]}{ENDING}"
