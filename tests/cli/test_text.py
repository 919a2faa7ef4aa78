from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.written import write

from regard.packs.install import InstalledPack


@pytest.fixture
def regard(installed_pack: InstalledPack, tmp_path: Path):
    page, _ = write(["Platform 7", "to North"])
    page.save(tmp_path / "sign.png")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "regard", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "160"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return run


def test_text_prints_its_lines_and_draws_its_words(regard, tmp_path: Path) -> None:
    printed = regard("text", "sign.png", "--draw", "out.png")
    assert "Platform 7" in printed
    assert "to North" in printed
    assert "4 words in 2 lines in sign.png; drawn in out.png" in printed
    with Image.open(tmp_path / "out.png") as drawn:
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}


def test_text_prints_rekognitions_answer_as_json(regard) -> None:
    found = json.loads(regard("text", "sign.png", "--json"))["TextDetections"]
    assert [one["Type"] for one in found] == ["LINE"] * 2 + ["WORD"] * 4
