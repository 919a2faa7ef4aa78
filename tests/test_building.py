"""What is built for a process is closed again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from regard.app import build
from regard.caller import NOBODY
from regard.errors import RegardError
from regard.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="open files are listed in /proc")


def open_files(folder: Path) -> list[str]:
    """The files below a folder that this process has open."""
    descriptors = Path("/proc/self/fd")
    found = [os.readlink(one) for one in descriptors.iterdir() if one.is_symlink()]
    return [one for one in found if one.startswith(str(folder))]


def test_the_database_is_closed_though_the_log_can_not_be_written(tmp_path: Path) -> None:
    parts = build(Settings.load(data=tmp_path / "data"), has_models=False)
    parts.gate.call("get_audit_head", {}, NOBODY)
    with parts.database.write() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO away"))
    assert open_files(tmp_path) != []
    with pytest.raises((RegardError, SQLAlchemyError)):
        parts.close()
    assert open_files(tmp_path) == []
