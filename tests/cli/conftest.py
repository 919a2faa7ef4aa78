"""Runs `regard` as a stranger does: a process of its own, its output and exit code."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.commands import run_regard_text

from regard.packs.install import InstalledPack

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def regard(installed_pack: InstalledPack, tmp_path: Path) -> Run:
    """Runs a command in an empty folder, `columns` wide, and holds it to an exit code and to no traceback."""
    return running(tmp_path)


def running(folder: Path) -> Run:
    """The same for a folder of one's own."""
    return partial(run_regard_text, folder=folder)
