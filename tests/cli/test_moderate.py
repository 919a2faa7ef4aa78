"""`regard moderate`, as a stranger uses it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from PIL import Image
from tests.commands import run_regard_text

from regard.packs.install import InstalledPack


def run(
    folder: Path, *arguments: object, code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    return run_regard_text("moderate", *arguments, code=code, folder=folder, environment=environment)


def test_a_portrait_gets_no_label_and_is_told_what_was_not_looked_for(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, portrait, "--draw", "out.png")
    assert "0 labels for astronaut.jpg from 50 % on; drawn in out.png." in done.stdout
    assert "Violence, drugs, hate symbols and all else are not detected." in done.stdout
    with Image.open(tmp_path / "out.png") as drawn, Image.open(portrait) as original:
        assert drawn.size == original.size
    assert json.loads(run(tmp_path, portrait, "--json").stdout)["ModerationModelVersion"] == "7.0"


def test_with_the_default_pack_alone_it_says_what_more_could_be_told(
    installed_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    done = run(tmp_path, portrait, REGARD_MODELS=str(models))
    assert "0 labels for astronaut.jpg from 50 % on." in done.stdout
    assert "regard models install nudenet" in done.stdout


def test_a_report_tells_the_rates_of_each_folder_and_what_could_not_be_read(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    for name in ("people/one.jpg", "walls/two.jpg"):
        (tmp_path / "site" / name).parent.mkdir(parents=True)
        (tmp_path / "site" / name).write_bytes(portrait.read_bytes())
    (tmp_path / "site" / "walls" / "broken.png").write_bytes(b"no picture")
    done = run(tmp_path, "site", "--report")
    for row in (r"people +1 +0 % \(0–97.5 %\)", r"walls +1 +0 %", r"all +2 +0 % \(0–84 %\)"):
        assert re.search(row, done.stdout), done.stdout
    assert "walls/broken.png: " in done.stderr
    assert "0 pictures of 2 with a label from 50 % on." in done.stdout
    measured = json.loads(run(tmp_path, "site", "--report", "--json").stdout)
    assert [group["group"] for group in measured["labels"]["Explicit"]] == ["people", "walls", "all"]
    assert measured["unreadable"][0][0] == "walls/broken.png"


def test_a_report_draws_nothing(installed_pack: InstalledPack, tmp_path: Path) -> None:
    done = run(tmp_path, tmp_path, "--report", "--draw", "out.png", code=1)
    assert "--draw is for one photo" in done.stderr
