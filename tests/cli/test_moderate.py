"""`regard moderate`, as a stranger uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from regard.packs.install import InstalledPack


def run(
    folder: Path, *arguments: object, code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "regard", "moderate", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "160", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


def test_a_portrait_gets_no_label_and_is_told_what_was_not_looked_for(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, portrait, "--draw", "out.png")
    assert "0 labels for astronaut.jpg from 50 % on; drawn in out.png." in done.stdout
    assert "Violence, drugs, hate symbols and all else are not detected." in done.stdout
    with Image.open(tmp_path / "out.png") as drawn, Image.open(portrait) as original:
        assert drawn.size == original.size
    assert json.loads(run(tmp_path, portrait, "--json").stdout)["ModerationModelVersion"] == "7.0"


def test_without_the_pack_it_says_what_to_do(
    installed_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    done = run(tmp_path, portrait, code=1, REGARD_MODELS=str(models))
    assert "regard models install nudenet" in done.stderr.replace("\n", " ")
    assert done.stdout == ""
