"""Runs `regard` as a stranger does: a process of its own, its output and exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.packs.install import InstalledPack

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def regard(installed_pack: InstalledPack, tmp_path: Path) -> Run:
    """Runs a command in an empty folder, `columns` wide, and holds it to an exit code and to no traceback."""
    return running(tmp_path)


def running(folder: Path) -> Run:
    """The same for a folder of one's own."""

    def run(*arguments: object, code: int = 0, columns: int = 160) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "regard", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "COLUMNS": str(columns)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done

    return run
