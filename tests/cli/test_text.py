"""`regard text`, as a stranger uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Run
from tests.written import write


@pytest.fixture(autouse=True)
def sign(tmp_path: Path) -> None:
    page, _ = write(["Platform 7", "to North"])
    page.save(tmp_path / "sign.png")


def test_text_prints_its_lines_and_draws_its_words(regard: Run, tmp_path: Path) -> None:
    printed = regard("text", "sign.png", "--draw", "out.png").stdout
    assert "Platform 7" in printed
    assert "to North" in printed
    assert "4 words in 2 lines in sign.png; drawn in out.png" in printed
    with Image.open(tmp_path / "out.png") as drawn:
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}


def test_text_prints_rekognitions_answer_as_json(regard: Run) -> None:
    found = json.loads(regard("text", "sign.png", "--json").stdout)["TextDetections"]
    assert [one["Type"] for one in found] == ["LINE"] * 2 + ["WORD"] * 4
