"""`regard liveness`, as a stranger runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands import run_regard

from regard.errors import RegardError
from regard.evaluation.liveness.site_attempts import site_attempts
from regard.vision.liveness.card import load_card
from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.scoring import VERSION


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_bench_writes_a_card_of_every_species(tmp_path: Path, portrait: Path) -> None:
    people, card_file = tmp_path / "people", tmp_path / "card.json"
    people.mkdir()
    (people / "one.jpg").write_bytes(portrait.read_bytes())
    done = run_regard("liveness", "bench", people, "--out", card_file, "--count", 1)
    assert done.returncode == 0, done.stderr
    card = load_card(card_file)
    assert card.is_simulated
    assert sum(one.is_attack for one in card.species) == 4
    assert {one.presentations for one in card.species} == {1}


def test_a_folder_without_a_face_is_said(tmp_path: Path, texture: Path) -> None:
    (tmp_path / "gravel.jpg").write_bytes(texture.read_bytes())
    done = run_regard("liveness", "bench", tmp_path, "--out", tmp_path / "card.json")
    assert done.returncode == 1
    assert b"shows a face" in done.stderr


def record(session: str, score: float | None, *, passed: bool = True, **other: Any) -> str:
    evidence = {
        "light_score": score,
        "gates_passed": passed,
        "light_version": VERSION,
        "light_parameters": parameters_digest(),
    }
    told = {"challenge": "FaceMovementAndLightChallenge", "evidence": evidence | other}
    return json.dumps({"sequence": 1, "hash": "", "session": session, "liveness": told})


def test_a_sites_own_attempts_make_a_card_that_is_no_simulation(tmp_path: Path) -> None:
    attempts, log, card_file = (tmp_path / name for name in ("attempts.csv", "log.jsonl", "card.json"))
    kinds = {"a": "bona fide", "b": "bona fide", "c": "phone", "d": "phone", "e": "phone", "f": "mask"}
    attempts.write_text("session,species\n" + "".join(f"{one},{kind}\n" for one, kind in kinds.items()))
    lines = [
        record("a", 1.5),
        record("b", 1.4, passed=False),
        record("c", 0.3),
        record("d", None),
        record("e", 1.6, passed=False),
        record("f", None),
        record("somebody else's", 1.8),
        json.dumps({"sequence": 2, "hash": "", "session": "a"}),
    ]
    log.write_text("\n".join(lines) + "\n")
    done = run_regard("liveness", "card", attempts, "--log", log, "--out", card_file)
    assert done.returncode == 0, done.stderr
    card = load_card(card_file)
    assert not card.is_simulated
    people, phones = card.species
    at = card.scores.index(1.0)
    assert (people.presentations, people.accepted[at]) == (2, 1)
    assert (phones.presentations, phones.accepted[at], phones.accepted[0]) == (1, 0, 1)
    assert "Attacks that failed before light, or had none, aren't counted: 3." in card.basis
    assert "Nothing was measured of mask." in card.basis
    assert b"Not counted of phone: 2" in done.stdout


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"light_version": VERSION + 1}, "another version"),
        ({"light_parameters": "0" * 16}, "other parameters"),
        ({"light_parameters": None}, "other parameters"),
    ],
)
def test_attempts_that_were_scored_otherwise_are_refused(other: dict[str, Any], told: str) -> None:
    with pytest.raises(RegardError, match=told):
        site_attempts({"a": "phone"}, [json.loads(record("a", 1.0, **other))])


def test_attempts_of_movement_alone_say_nothing_of_light() -> None:
    kept = json.loads(record("a", None))
    kept["liveness"]["challenge"] = "FaceMovementChallenge"
    attempts = site_attempts({"a": "bona fide"}, [kept])
    assert (attempts.scored, dict(attempts.left_out)) == ((), {})


def test_a_file_without_the_columns_is_said(tmp_path: Path) -> None:
    attempts = tmp_path / "attempts.csv"
    attempts.write_text("who,what\na,phone\n")
    done = run_regard("liveness", "card", attempts, "--log", attempts, "--out", tmp_path / "card.json")
    assert done.returncode == 1
    assert b"session and species" in done.stderr
