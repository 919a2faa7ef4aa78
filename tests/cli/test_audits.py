"""`regard audit bias` and `regard audit watchlist`, as a stranger uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import scenes
from tests.cli.conftest import Run


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people with three pictures each, a picture without a face, one that is broken, one outside."""
    folder = tmp_path / "people"
    lines = ["file,identity,camera"]
    for person in ("astronaut", "hopper"):
        (folder / person).mkdir(parents=True)
        for angle in (-5, 0, 5):
            scenes.portrait(person).rotate(angle).save(folder / person / f"{angle}.png")
            lines.append(f"{person}/{angle}.png,{person},{'door' if angle else 'gate'}")
    (folder / "wall.jpg").write_bytes((scenes.PICTURES / "brick.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture")
    lines += ["wall.jpg,nobody,door", "broken.jpg,nobody,gate", "../outside.jpg,nobody,gate"]
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


def widest_table(text: str) -> int:
    return max(len(line) for line in text.splitlines() if line.startswith("─"))


def test_bias_is_measured_printed_and_reported(regard: Run, people: Path, tmp_path: Path) -> None:
    done = regard("audit", "bias", people, "--report", "report.html", columns=80)
    assert "7 pictures of 3 people: 1 picture without a face, 2 files unreadable." in done.stdout
    assert "By camera" in done.stdout
    assert widest_table(done.stdout) <= 80
    assert "outside.jpg: It is not within" in done.stderr
    page = (tmp_path / "report.html").read_text()
    assert "By camera" in page
    assert "<svg" in page


def test_the_answer_as_json_has_rates_by_group(regard: Run, people: Path) -> None:
    answer = json.loads(regard("audit", "bias", people, "--json").stdout)
    [column] = answer["columns"]
    door, gate = column["groups"]
    assert (door["name"], door["people"], door["faces"], gate["faces"]) == ("door", 3, 4, 2)
    assert door["false_match"]["99"]["value"] == 0
    assert door["false_non_match"]["99"]["trials"] == 2
    assert gate["false_non_match"]["99"] is None
    assert door["not_found"]["events"] == 1
    assert answer["no_face"] == ["wall.jpg"]


def test_an_audit_leaves_one_record_without_names(regard: Run, people: Path) -> None:
    regard("audit", "bias", people, "--json", "--case", "42")
    regard("audit", "watchlist", "--probes", people, "--gallery", people, "--json")
    lines = regard("audit", "export").stdout.splitlines()
    bias, watchlist = map(json.loads, lines)
    assert (bias["operation"], bias["case"]) == ("AuditBias", "42")
    assert (bias["facts"]["Pictures"], bias["facts"]["Groups"]) == (7, {"camera": 2})
    assert watchlist["operation"] == "AuditWatchlist"
    assert watchlist["facts"]["Wrong"] == {"80": 0, "95": 0, "99": 0}
    assert "hopper" not in "".join(lines)


def test_a_watch_list_of_the_same_people_matches_nobody_wrongly(regard: Run, people: Path) -> None:
    done = regard(
        "audit", "watchlist", "--probes", people, "--gallery", people, "--report", "report.html", columns=80
    )
    assert "At 80 %, 0 of 6 probes match somebody else in the gallery" in done.stdout
    assert "of the probes of people in the gallery find themselves" in done.stdout


def test_without_identities_every_match_with_a_watch_list_is_wrong(
    regard: Run, people: Path, tmp_path: Path
) -> None:
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    scenes.portrait("hopper").save(gallery / "unknown.png")
    done = regard("audit", "watchlist", "--probes", people, "--gallery", gallery, "--list", "2", columns=80)
    assert "At 99 %, 3 of 6 probes match somebody in the gallery" in done.stdout
    assert done.stdout.count("unknown.png") == 2
    assert "every match counts as wrong" in done.stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("bias", "nowhere"), "There is no folder nowhere."),
        (("bias", "people", "--group", "race"), "no group column race; there are: camera."),
        (("bias", "people", "--labels", "none.csv"), "none.csv can't be read"),
        (("bias", "people", "--report", "nowhere/report.html"), "There is no folder"),
        (("watchlist", "--probes", "people", "--gallery", "nowhere"), "There is no folder nowhere."),
    ],
)
def test_what_is_wrong_is_said_before_any_picture_is_analysed(
    regard: Run, people: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = regard("audit", *arguments, code=1)
    assert sentence in done.stderr.replace("\n", " ")
    assert "Analysing" not in done.stderr
