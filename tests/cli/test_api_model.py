"""`regard api-model` gives clients of AWS the model of Regard's own API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from regard.api.model import REGARD, load_api
from regard.api.own_model import OWN_FILES


def test_the_model_is_printed(regard: Run) -> None:
    assert json.loads(regard("api-model", "--print").stdout) == load_api(REGARD).document


def test_a_folder_gets_what_botocore_reads_and_the_newest_in_place_of_the_old(
    regard: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    made = folder / "regard" / load_api(REGARD).model.api_version
    for _ in range(2):
        assert 'boto3.client("regard")' in regard("api-model", "--folder", folder, columns=400).stdout
        assert {file.name for file in made.iterdir()} == {f"{kind}.json" for kind in OWN_FILES}
        assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o644}
        assert json.loads((made / "service-2.json").read_text()) == load_api(REGARD).document
        (made / "service-2.json").write_text("{}")


@pytest.mark.parametrize("options", [(), ("--print", "--install"), ("--install", "--folder", "x")])
def test_one_way_is_chosen(regard: Run, options: tuple[str, ...]) -> None:
    assert "--install, --folder and --print" in regard("api-model", *options, code=1).stderr


def test_a_folder_that_can_not_be_written_is_one_sentence(regard: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = regard("api-model", "--folder", tmp_path / "file", code=1, columns=400).stderr
    assert "can't be written: " in told
