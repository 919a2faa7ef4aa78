"""`regard models card`, as a stranger uses it."""

from __future__ import annotations

import json
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
    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "regard", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done

    return run


def test_the_model_card_is_printed_and_is_json(regard: Run) -> None:
    done = regard("models", "card")
    assert "False matches per million" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("─")) <= 80
    assert json.loads(regard("models", "card", "default", "--json").stdout)["pack"] == "default"
    assert "The pack nudenet has no model card." in regard("models", "card", "nudenet", code=1).stderr
