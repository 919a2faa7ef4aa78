"""`regard usage`, as a stranger uses it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import PICTURES


@pytest.fixture
def used(regard: Run) -> Run:
    """After a picture was examined twice."""
    regard("labels", PICTURES / "gravel.jpg", "--properties")
    regard("text", PICTURES / "gravel.jpg")
    return regard


def test_usage_is_a_table_csv_and_json_and_a_rebuild_changes_nothing(used: Run, tmp_path: Path) -> None:
    shown = used("usage", "--prices", "seed", columns=80).stdout
    assert "DetectLabels" in shown
    assert "By the price list seed (us-east-1, 2019)" in shown
    rows = list(csv.DictReader(used("usage", "--csv").stdout.splitlines()))
    images = {row["operation"]: (row["ImagesOfGroup2"], row["ImageProperties"]) for row in rows}
    assert (images["DetectLabels"], images["DetectText"]) == (("1", "1"), ("1", "0"))
    assert "Usage is made anew of" in used("usage", "rebuild").stdout
    total = json.loads(used("usage", "--by", "key", "--json").stdout)["Total"]
    assert (total["ImagesOfGroup2"], total["ImageProperties"]) == (2, 1)
    prices = tmp_path / "ours.toml"
    prices.write_text(
        'currency = "EUR"\nregion = "here"\ndate = "2026"\nsource = "ours"\n'
        '[[meters]]\nname = "Images"\nunits = ["image_2"]\ntiers = [{ price = "2" }]\n'
    )
    answer = json.loads(used("usage", "--prices", prices, "--json").stdout)
    assert (answer["Prices"]["Name"], answer["Prices"]["Cost"]) == ("ours", 4.0)


def test_what_can_be_mended_is_one_sentence(used: Run) -> None:
    assert "Nothing was used from 2020-01-01 to 2020-02-01." in used("usage", "--month", "2020-01").stdout
    for wrong, told in (
        (("--month", "2020-13"), "--month must be like 2026-11"),
        (("--prices", "none"), "There is no price list 'none'"),
        (("--prices", "none.toml"), "none.toml can't be read"),
        (("--csv", "--json"), "not both"),
    ):
        assert told in used("usage", *wrong, code=1).stderr
