"""What a folder's files are called in a collection."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

import pytest

from regard.cli.enrolment import Journal, Naming, external_image_id

FOLDER = Path("album")


def name_of(person: str) -> str:
    return external_image_id(FOLDER / person / "one.jpg", FOLDER, Naming.AUTO)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@pytest.mark.parametrize("person", ["ann", "Ann_Lee", "id:7.2-a", "x" * 255])
def test_a_name_that_is_allowed_stays_as_it_is(person: str) -> None:
    assert name_of(person) == person


def test_people_named_in_other_letters_stay_apart() -> None:
    assert name_of("李") == f"_-{digest('李')}"
    assert name_of("李") != name_of("王")
    assert name_of("Ann Lee") != name_of("Ann_Lee")


def test_a_name_is_the_same_however_its_accents_are_encoded() -> None:
    assert name_of(unicodedata.normalize("NFD", "Zoë")) == name_of("Zoë") == f"Zo_-{digest('Zoë')}"


def test_long_names_are_cut_and_stay_apart() -> None:
    one, other = name_of("x" * 300), name_of("x" * 301)
    assert len(one) == len(other) == 255
    assert one != other
    assert one == "x" * 246 + f"-{digest('x' * 300)}"


def test_a_name_that_is_no_utf_8_is_a_name() -> None:
    assert name_of(os.fsdecode(b"\xff")) != name_of(os.fsdecode(b"\xfe"))


def test_a_link_is_named_for_the_folder_that_it_is_in(tmp_path: Path) -> None:
    for person in ("ann", "bob"):
        (tmp_path / person).mkdir()
        (tmp_path / person / "one.jpg").symlink_to(tmp_path / "pool" / f"{person}.jpg")
    assert external_image_id(tmp_path / "bob" / "one.jpg", tmp_path, Naming.AUTO) == "bob"


def test_the_folder_itself_is_named_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ann").mkdir()
    monkeypatch.chdir(tmp_path / "ann")
    assert external_image_id(Path("one.jpg"), Path(), Naming.FOLDER) == "ann"
    assert external_image_id(Path("one.jpg"), Path(), Naming.AUTO) == "one"


def test_a_file_is_done_however_its_folder_is_spelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "one.jpg").write_bytes(b"1")
    monkeypatch.chdir(tmp_path)
    for folder, done in ((Path("album"), False), (tmp_path / "album", True)):
        journal = Journal.open(tmp_path, "c", 1, folder, {})
        assert journal.done(folder / "one.jpg") is done
        journal.write(folder / "one.jpg")


def test_a_file_that_is_gone_is_not_done(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "c", 1, tmp_path, {})
    journal.write(tmp_path / "gone.jpg")
    assert not journal.done(tmp_path / "gone.jpg")
