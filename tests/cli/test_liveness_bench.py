"""`regard liveness bench`, as a stranger runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.commands import run_regard

from regard.vision.liveness.card import load_card


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_bench_writes_a_card_of_every_species(tmp_path: Path, portrait: Path) -> None:
    people, card_file = tmp_path / "people", tmp_path / "card.json"
    people.mkdir()
    (people / "one.jpg").write_bytes(portrait.read_bytes())
    done = run_regard("liveness", "bench", people, "--out", card_file, "--count", 1)
    assert done.returncode == 0, done.stderr
    card = load_card(card_file)
    assert card is not None
    assert card.is_simulated
    assert sum(one.is_attack for one in card.species) == 4
    assert {one.presentations for one in card.species} == {1}


def test_a_folder_without_a_face_is_said(tmp_path: Path, texture: Path) -> None:
    (tmp_path / "gravel.jpg").write_bytes(texture.read_bytes())
    done = run_regard("liveness", "bench", tmp_path, "--out", tmp_path / "card.json")
    assert done.returncode == 1
    assert b"shows a face" in done.stderr
