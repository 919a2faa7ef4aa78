"""The command line as a stranger uses it: a process of its own, its output and exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests import scenes

from regard.packs.install import InstalledPack

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def regard(installed_pack: InstalledPack, tmp_path: Path) -> Run:
    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "regard", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "160"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Two people's folders, a photo beside them, and a file that is none."""
    album = tmp_path / "album"
    for person in ("astronaut", "hopper"):
        folder = album / f"{person} family"
        folder.mkdir(parents=True)
        scenes.portrait(person).save(folder / "one.jpg")
        scenes.portrait(person).rotate(5).save(folder / "two.png")
    scenes.portrait("hopper").resize((300, 352)).save(album / "loose.jpg")
    (album / "broken.jpg").write_bytes(b"no picture")
    return album


def test_faces_prints_a_table_and_draws(regard: Run, portrait: Path, tmp_path: Path) -> None:
    done = regard("faces", portrait, "--draw", "out.png")
    assert "1 face in astronaut.jpg; drawn in out.png" in done.stdout
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.size == scenes.portrait("astronaut").size
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}


def test_faces_prints_rekognitions_answer_as_json(regard: Run, portrait: Path) -> None:
    answer = json.loads(regard("faces", portrait, "--json").stdout)
    assert answer["FaceDetails"][0]["Confidence"] > 99


def test_compare_says_how_many_match(regard: Run, portrait: Path, group_photo: Path) -> None:
    assert "4 of 8 faces in group.jpg match at 80 %" in regard("compare", portrait, group_photo).stdout


def test_a_folder_is_enrolled_resumed_and_searched(regard: Run, album: Path, portrait: Path) -> None:
    first = regard("index", "family", album, code=1)
    assert "5 faces of 6 pictures are in family" in first.stdout
    assert "broken.jpg: Request has invalid image format" in first.stderr.replace("\n", "")
    (album / "broken.jpg").unlink()
    scenes.portrait("astronaut").rotate(-5).save(album / "late.png")
    again = json.loads(regard("index", "family", album, "--json").stdout)
    assert again == {"pictures": 1, "enrolled": 1, "refused": 0, "failed": 0, "skipped": 5}
    found = json.loads(regard("search", "family", portrait, "--json").stdout)["FaceMatches"]
    names = sorted(match["Face"]["ExternalImageId"] for match in found)
    assert names == ["astronaut_family", "astronaut_family", "late"]


def test_a_collection_made_anew_is_enrolled_anew(regard: Run, album: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    regard("collections", "delete", "family", "--yes")
    assert "5 faces of 5 pictures" in regard("index", "family", album).stdout


def test_the_search_threshold_follows_the_purpose(regard: Run, album: Path, portrait: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "police", album, "--purpose", "law-enforcement")
    assert "law-enforcement" in regard("collections", "list").stdout
    refused = regard("search", "police", portrait, "--threshold", "90", code=1)
    assert "FaceMatchThreshold must be at least 99" in refused.stderr
    assert "matches in police" in regard("search", "police", portrait).stdout


def test_keys_are_made_listed_and_suspended(regard: Run, tmp_path: Path) -> None:
    regard("keys", "create", "ann", "--role", "investigator", "--credentials", "ann.ini")
    key_id = (tmp_path / "ann.ini").read_text().split()[3]
    assert (tmp_path / "ann.ini").stat().st_mode & 0o777 == 0o600
    listed = regard("keys", "list").stdout
    assert key_id in listed
    assert "investigator" in listed
    regard("keys", "suspend", key_id)
    assert "suspended" in regard("keys", "list").stdout
    assert "keys suspend" in regard("audit", "export").stdout
    assert "2 records, unbroken" in regard("audit", "verify").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["faces", "none.jpg"], "none.jpg can't be read: No such file or directory."),
        (["index", "c", "nowhere"], "There is no folder nowhere."),
        (
            ["search", "none", str(scenes.PICTURES / "astronaut.jpg")],
            "The collection id: none does not exist",
        ),
        (["search", "none", str(scenes.PICTURES / "gravel.jpg")], "The collection id: none does not exist"),
        (["compare", str(scenes.PICTURES / "gravel.jpg"), str(scenes.PICTURES / "astronaut.jpg")], "no face"),
        (["keys", "create", "a", "--role", "king"], "There is no role king; the roles are admin, operator"),
        (["keys", "suspend", "K"], "There is no key K"),
        (["collections", "create", "c", "--purpose", "fun"], "must be one of general"),
        (["faces", str(scenes.PICTURES / "README.md")], "Request has invalid image format"),
        (["faces", str(scenes.PICTURES / "hopper.jpg"), "--draw", "no/folder.png"], "can't be written"),
        (["serve", "--host", "192.0.2.1"], "Can't listen on 192.0.2.1"),
        (["serve", "--bucket", "photos=/nowhere"], "The folder of bucket photos does not exist"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(regard: Run, arguments: list[str], sentence: str) -> None:
    done = regard(*arguments, code=1)
    assert sentence in done.stderr.replace("\n", " ")
    assert done.stderr.startswith("regard: ")
