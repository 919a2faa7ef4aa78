"""`regard analyze`, as a stranger uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from tests import scenes
from tests.cli.conftest import Run
from tests.written import write

from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from regard.presentation.colours import COLOURS


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    """A picture with a person and writing on it."""
    page = Image.new("RGB", (1000, 700), (90, 140, 90))
    page.paste(scenes.portrait("astronaut"), (20, 20))
    page, _ = write(["Platform 7"], size=60, place=(560, 560), on=page, ink=(250, 250, 250))
    page.save(tmp_path / "poster.png")
    return tmp_path / "poster.png"


@pytest.fixture
def bare(installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the default pack is installed."""
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    monkeypatch.setenv("REGARD_MODELS", str(models))


def test_everything_is_in_one_table_and_one_picture(
    regard: Run, nudenet_pack: InstalledPack, poster: Path, tmp_path: Path
) -> None:
    printed = regard("analyze", poster, "--draw", "out.png").stdout
    assert re.search(r"^face 1 +female, \d+–\d+ +\d+\.\d % +.*happy", printed, re.MULTILINE)
    assert re.search(r"^label +Person ", printed, re.MULTILINE)
    assert re.search(r"^picture +whole .*brightness", printed, re.MULTILINE)
    assert re.search(r"^text \d +Platform 7 .* 2 words", printed, re.MULTILINE)
    assert "in poster.png; drawn in out.png" in printed
    assert "Violence, drugs, hate symbols and all else are not detected." in printed
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.width == 1280, "small pictures are enlarged, so that captions can be read"
        assert drawn.height > 1280 * 700 / 1000, "there is a legend below"
        colours = {color for _, color in drawn.getcolors(1 << 24)}
    assert {COLOURS[kind] for kind in ("face", "label", "text")} <= colours


@pytest.mark.usefixtures("bare")
def test_an_optional_model_that_is_not_installed_is_said_once_and_the_rest_is_told(
    regard: Run, poster: Path
) -> None:
    done = regard("analyze", poster)
    assert done.stdout.count("regard models install nudenet") == 1
    assert "Platform 7" in done.stdout
    assert "Violence, drugs, hate symbols and all else are not detected." in done.stdout


@pytest.mark.usefixtures("bare")
def test_the_default_pack_moderates(regard: Run, texture: Path) -> None:
    done = regard("analyze", texture, "--json")
    assert json.loads(done.stdout)["DetectModerationLabels"]["ModerationLabels"] == []
    assert done.stderr == ""


def test_json_has_every_operations_own_answer_and_the_log_one_record_of_each(
    regard: Run, nudenet_pack: InstalledPack, poster: Path
) -> None:
    answers = json.loads(regard("analyze", poster, "--json", "--case", "A-7").stdout)
    log = [json.loads(line) for line in regard("audit", "export").stdout.splitlines()]
    assert [(one["operation"], one["outcome"], one["case"]) for one in log] == [
        (name, "ok", "A-7") for name in answers
    ]
    assert ("DetectProtectiveEquipment" in answers) == ("detect_protective_equipment" in OPERATIONS)
    assert answers["DetectFaces"] == json.loads(regard("faces", poster, "--attributes", "--json").stdout)
    assert answers["DetectLabels"] == json.loads(regard("labels", poster, "--properties", "--json").stdout)
    assert answers["DetectText"] == json.loads(regard("text", poster, "--json").stdout)
    assert answers["DetectModerationLabels"] == json.loads(regard("moderate", poster, "--json").stdout)


def test_celebrities_are_looked_for_where_there_are_some(regard: Run, poster: Path, portrait: Path) -> None:
    assert "RecognizeCelebrities" not in json.loads(regard("analyze", poster, "--json").stdout)
    regard("celebrities", "add", "Eileen Collins", portrait, "--url", "example.org/e")
    printed = regard("analyze", poster, "--draw", "out.png").stdout
    assert re.search(r"^celebrity +Eileen Collins .*example\.org/e", printed, re.MULTILINE)


def test_a_file_that_is_no_picture_is_one_sentence(regard: Run, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_text("no picture")
    done = regard("analyze", "no.jpg", code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("regard: ")
