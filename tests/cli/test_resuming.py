"""An enrolment of a folder that was killed goes on where it stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests import scenes

from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.storage.schema import faces


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twenty small pictures of two people."""
    album = tmp_path / "album"
    for person, box in (("astronaut", (120, 0, 330, 210)), ("hopper", (98, 50, 418, 370))):
        (album / person).mkdir(parents=True)
        head = scenes.portrait(person).crop(box).resize((160, 160))
        for number in range(10):
            (album / person / f"{number}.jpg").write_bytes(scenes.jpeg(head.rotate(number)))
    return album


def index(album: Path, data: Path) -> list[str]:
    return [sys.executable, "-m", "regard", "index", "c", str(album), "--data", str(data), "--json"]


def enrolled(data: Path) -> list[tuple[Any, ...]]:
    """Every face, by what it was made from and what was made of it."""
    database = Database.open(data)
    columns = [
        faces.c[name] for name in ("image_digest", "external_image_id", "left", "confidence", "vector")
    ]
    with database.read() as connection:
        found = sorted(tuple(row) for row in connection.execute(select(*columns)))
    database.close()
    return found


@pytest.mark.slow
def test_an_enrolment_that_was_killed_ends_with_the_same_faces(
    installed_pack: InstalledPack, album: Path, tmp_path: Path
) -> None:
    subprocess.run(index(album, tmp_path / "whole"), check=True, capture_output=True)
    data = tmp_path / "data"
    skipped = []
    for more in (3, 9):
        process = subprocess.Popen(index(album, data), stdout=subprocess.DEVNULL)
        while lines_of_journal(data) < more and process.poll() is None:
            time.sleep(0.005)
        process.kill()
        process.wait()
        skipped.append(lines_of_journal(data))
    last = subprocess.run(index(album, data), check=True, capture_output=True, text=True)
    facts = json.loads(last.stdout)
    assert 3 <= skipped[0] < skipped[1] < 20  # it was killed in the middle, twice
    assert (facts["skipped"], facts["skipped"] + facts["pictures"]) == (skipped[1], 20)
    assert enrolled(data) == enrolled(tmp_path / "whole")


def lines_of_journal(data: Path) -> int:
    return sum(len(file.read_text().splitlines()) for file in (data / "enrolments").glob("*.log"))
