"""What is read from an operator's folder, and what is said where it can't be."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from regard.errors import RegardError
from regard.evaluation.choices import Identities
from regard.evaluation.dataset import read_dataset
from regard.vision.faces.attributes import Gender


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    for name in ("ann/one.jpg", "ann/two.png", "bob/one.jpg", "loose.jpg", "notes.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).touch()
    return made


def write(folder: Path, text: str) -> None:
    (folder / "labels.csv").write_text(text, "utf-8")


def test_labels_name_people_and_groups(folder: Path) -> None:
    write(folder, "file,identity,camera,Gender,age\nann/one.jpg,ann,door,F,34\nbob/one.jpg,bob,,male,60-69\n")
    read = read_dataset(folder)
    first, second = read.samples
    assert (read.columns, read.identified) == (("camera", "gender", "age"), True)
    assert (first.identity, first.gender, first.age) == ("ann", Gender.FEMALE, (34, 34))
    assert first.groups == {"camera": "door", "gender": "female", "age": "30–44"}
    assert second.groups == {"gender": "male", "age": "60 and over"}
    assert second.age == (60, 69)
    assert first.file == folder.resolve() / "ann/one.jpg"


def test_without_an_identity_the_folder_is_the_person(folder: Path) -> None:
    write(folder, "file\nann/one.jpg\nann/two.png\nbob/one.jpg\nloose.jpg\n")
    read = read_dataset(folder)
    assert [one.identity for one in read.samples] == ["ann", "ann", "bob", "loose.jpg"]
    assert not read.identified


def test_every_picture_can_be_another_person(folder: Path) -> None:
    write(folder, "file,identity\nann/one.jpg,ann\nann/two.png,ann\n")
    assert len({one.identity for one in read_dataset(folder, identities=Identities.FILE).samples}) == 2


def test_no_labels_are_needed_where_none_are_required(folder: Path) -> None:
    read = read_dataset(folder, required=False)
    assert [one.name for one in read.samples] == ["ann/one.jpg", "ann/two.png", "bob/one.jpg", "loose.jpg"]
    assert (read.columns, read.identified) == ((), False)


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "ann/../../secret.jpg", "out.jpg"])
def test_a_file_outside_the_folder_is_never_looked_at(folder: Path, name: str) -> None:
    (folder.parent / "secret.jpg").touch()
    (folder / "out.jpg").symlink_to(folder.parent / "secret.jpg")
    write(folder, f"file\n{name}\nloose.jpg\n")
    read = read_dataset(folder)
    assert [one.name for one in read.samples] == ["loose.jpg"]
    assert [reason for _, reason in read.refused] == [f"It is not within {folder}."]


@pytest.mark.parametrize(
    ("age", "range_", "group"),
    [
        ("17", (17, 17), "under 18"),
        ("18", (18, 18), "18–29"),
        ("0-2", (0, 2), "under 18"),
        ("40 – 49", (40, 49), "45–59"),
        ("70+", (70, math.inf), "60 and over"),
        ("more than 70", (70, math.inf), "60 and over"),
    ],
)
def test_ages_are_years_or_ranges(folder: Path, age: str, range_: tuple[float, float], group: str) -> None:
    write(folder, f"file,age\nloose.jpg,{age}\n")
    [one] = read_dataset(folder).samples
    assert (one.age, one.groups["age"]) == (range_, group)


def test_semicolons_and_a_byte_order_mark_are_read_too(folder: Path) -> None:
    write(folder, '\ufefffile;camera\n"loose.jpg";door\n')
    assert read_dataset(folder).samples[0].groups == {"camera": "door"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("picture,camera\nloose.jpg,door\n", "has no column `file`"),
        ("", "has no column `file`"),
        ("file,age\nloose.jpg,old\n", "line 2: an age is in years, such as 34 or 30-39, not 'old'"),
        ("file,identity\nloose.jpg,\n", "line 2: loose.jpg has no identity"),
        ("file\nloose.jpg\n\n./loose.jpg\n", "line 4: loose.jpg is there already"),
        ("file\nloose.jpg,door\n", "line 2: it has 2 values for 1 columns"),
        ("file,camera\n,door\n", "line 2: it names no file"),
        ("file,camera,Camera\nloose.jpg,a,b\n", "two columns of one name"),
        ("file\n../secret.jpg\n", "names no picture"),
    ],
)
def test_what_is_wrong_with_labels_is_one_sentence(folder: Path, text: str, sentence: str) -> None:
    write(folder, text)
    with pytest.raises(RegardError, match=sentence):
        read_dataset(folder)


def test_labels_and_folders_that_are_not_there_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="There is no folder"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(RegardError, match="name the labels with --labels"):
        read_dataset(folder)
    with pytest.raises(RegardError, match="can't be read: No such file"):
        read_dataset(folder, folder / "other.csv")
    (folder / "labels.csv").write_bytes(b"file\n\xff\n")
    with pytest.raises(RegardError, match="is not UTF-8 text"):
        read_dataset(folder)
