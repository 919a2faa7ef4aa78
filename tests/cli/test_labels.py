"""`regard labels` in a process of its own."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from tests.commands import run_regard_text

from regard.packs.install import InstalledPack


@pytest.fixture
def labels(installed_pack: InstalledPack, tmp_path: Path):
    return partial(run_regard_text, "labels", folder=tmp_path)


def test_labels_are_a_table_and_drawn(labels, portrait: Path, tmp_path: Path) -> None:
    done = labels(portrait, "--properties", "--draw", "out.png")
    assert "Head, Person" in done.stdout
    assert "Person Description" in done.stdout
    assert "foreground" in done.stdout
    assert "for astronaut.jpg; drawn in out.png" in done.stdout
    with Image.open(tmp_path / "out.png") as drawn:
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}


def test_json_is_rekognitions_answer(labels, portrait: Path) -> None:
    answer = json.loads(labels(portrait, "--json", "--min-confidence", "90").stdout)
    assert answer["LabelModelVersion"] == "3.0"
    assert all(label["Confidence"] >= 90 for label in answer["Labels"])


def test_a_file_that_is_no_picture_is_one_sentence(labels, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_text("no picture")
    done = labels(tmp_path / "no.jpg", code=1)
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("regard: ")
