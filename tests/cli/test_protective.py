"""`regard ppe`."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image


def test_parts_and_verdicts_are_a_table_and_drawn(regard, portrait: Path, tmp_path: Path) -> None:
    done = regard("ppe", portrait, "--require", "face", "--draw", tmp_path / "out.png")
    assert "face" in done.stdout
    assert "→ lacks something" in done.stdout
    assert "1 person in astronaut.jpg; drawn in" in done.stdout
    with Image.open(tmp_path / "out.png") as drawn:
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}


def test_json_is_rekognitions_answer(regard, portrait: Path) -> None:
    answer = json.loads(regard("ppe", portrait, "--json", "--require", "face,head").stdout)
    assert answer["Summary"]["PersonsWithoutRequiredEquipment"] == [0]


def test_an_unknown_kind_of_equipment_is_one_sentence(regard, portrait: Path) -> None:
    done = regard("ppe", portrait, "--require", "boots", code=1)
    assert done.stderr == "regard: --require takes face, head and hand, separated by commas, not 'boots'.\n"
