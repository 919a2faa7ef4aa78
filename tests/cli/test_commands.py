"""The command line as a stranger uses it: a process of its own, its output and exit code."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image
from tests import scenes
from tests.cli.conftest import Run


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
    assert names == ["astronaut_family-544a863a", "astronaut_family-544a863a", "late"]


def test_a_collection_made_anew_is_enrolled_anew(regard: Run, album: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    regard("collections", "delete", "family", "--yes")
    assert "5 faces of 5 pictures" in regard("index", "family", album).stdout


def test_the_search_threshold_follows_the_purpose(regard: Run, album: Path, portrait: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "police", album, "--purpose", "access-control")
    assert "access-control" in regard("collections", "list").stdout
    refused = regard("search", "police", portrait, "--threshold", "90", code=1)
    assert "FaceMatchThreshold must be at least 99" in refused.stderr
    assert "matches in police" in regard("search", "police", portrait).stdout


def test_the_photos_of_each_person_become_a_user(regard: Run, album: Path, portrait: Path) -> None:
    (album / "broken.jpg").unlink()
    scenes.portrait("hopper").resize((280, 330)).save(album / "astronaut family" / "wrong.jpg")
    regard("index", "family", album)
    done = regard("users", "from-names", "family")
    assert "5 faces joined 3 users, 3 of them new. 1 face did not." in done.stdout
    assert "does not resemble the others enough" in done.stderr
    again = json.loads(regard("users", "from-names", "family", "--json").stdout)
    assert again == {"users": 1, "made": 0, "associated": 0, "refused": 1}
    listed = regard("users", "list", "family").stdout
    assert listed.count("ACTIVE") == 3
    assert regard("collections", "list").stdout.splitlines()[-1].split()[:3] == ["family", "6", "3"]
    found = regard("users", "search", "family", portrait, "--draw", "out.png").stdout
    assert "astronaut_family-544a863a" in found
    assert "1 match in family" in found


def test_a_user_is_made_filled_emptied_and_erased(regard: Run, album: Path, portrait: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    answer = json.loads(regard("search", "family", portrait, "--json").stdout)
    faces = [match["Face"]["FaceId"] for match in answer["FaceMatches"]]
    regard("users", "create", "family", "eileen")
    assert "CREATED" in regard("users", "list", "family").stdout
    assert (
        f"{len(faces)} faces joined eileen."
        in regard("users", "associate", "family", "eileen", *faces).stdout
    )
    assert "1 face left eileen." in regard("users", "disassociate", "family", "eileen", faces[0]).stdout
    assert "eileen is erased" in regard("users", "delete", "family", "eileen", "--yes").stdout
    assert "There is no user in family yet." in regard("users", "list", "family").stdout
    refused = regard("users", "associate", "family", "eileen", faces[0], code=1)
    assert "The user id: eileen does not exist" in refused.stderr


def test_keys_are_made_listed_and_suspended(regard: Run, tmp_path: Path) -> None:
    regard("keys", "create", "ann", "--role", "investigator", "--credentials", "ann.ini")
    key_id = (tmp_path / "ann.ini").read_text().split()[3]
    assert (tmp_path / "ann.ini").stat().st_mode & 0o777 == 0o600
    listed = regard("keys", "list").stdout
    assert key_id in listed
    assert "investigator" in listed
    regard("keys", "suspend", key_id)
    assert "suspended" in regard("keys", "list").stdout
    assert "SuspendKey" in regard("audit", "export").stdout
    assert "5 records, unbroken" in regard("audit", "verify").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["faces", "[red]none.jpg"], "[red]none.jpg can't be read"),
        (["faces", "none.jpg"], "none.jpg can't be read: No such file or directory."),
        (["index", "c", "nowhere"], "There is no folder nowhere."),
        (["compare", str(scenes.PICTURES / "gravel.jpg"), str(scenes.PICTURES / "astronaut.jpg")], "no face"),
        (["keys", "create", "a", "--role", "king"], "There is no role king; the roles are admin, operator"),
        (["keys", "create", "Ann Lee"], "A key's name has 1 to 64 letters, digits and"),
        (["keys", "create", "[red]ann"], "'[red]ann' does not"),
        (["keys", "create", "a", "--purpose", "fun"], "must be one of general"),
        (["keys", "create", "a", "--credentials", "no/folder.ini"], "no/folder.ini can't be written"),
        (["collections", "create", "not allowed"], "Member must satisfy regular expression pattern"),
        (["compare", str(scenes.PICTURES / "hopper.jpg"), "none.jpg"], "none.jpg can't be read"),
        (["collections", "create", "c", "--purpose", "fun"], "must be one of general"),
        (["faces", str(scenes.PICTURES / "README.md")], "Request has invalid image format"),
        (["faces", str(scenes.PICTURES / "hopper.jpg"), "--draw", "no/folder.png"], "can't be written"),
        (["serve", "--host", "192.0.2.1"], "Can't listen on 192.0.2.1"),
        (
            ["serve", "--port", "0", "--bucket", "photos=/nowhere"],
            "The folder of bucket photos does not exist",
        ),
        (["serve", "--bucket", "photos=/a,b"], "--bucket photos=/a,b holds a comma"),
        (["serve", "--port", "70000"], "REGARD_PORT must be from 0 to 65535, not 70000."),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(regard: Run, arguments: list[str], sentence: str) -> None:
    done = regard(*arguments, code=1)
    assert sentence in done.stderr.replace("\n", " ")
    assert done.stderr.startswith("regard: ")


def test_a_name_on_the_command_line_is_printed_as_it_is(regard: Run, portrait: Path, tmp_path: Path) -> None:
    for name in ("[red]ann.jpg", "[bold]", ":cat:.jpg"):
        (tmp_path / name).write_bytes(portrait.read_bytes())
        assert f"1 face in {name}" in regard("faces", name).stdout


def test_a_file_name_that_is_no_utf_8_or_holds_control_characters_is_enrolled(
    regard: Run, portrait: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for name in (b"\xff\x1b[31m.jpg", b"\xfe.jpg"):
        (folder / os.fsdecode(name)).write_bytes(portrait.read_bytes() if name.startswith(b"\xff") else b"-")
    first = regard("index", "c", "album", code=1)
    assert "1 face of 2 pictures is in c" in first.stdout
    assert "album/\\udcfe.jpg: Request has invalid image format" in first.stderr
    assert "1 picture was done before." in regard("index", "c", "album", code=1).stdout
    assert "\\udcff\\x1b[31m.jpg" in regard("faces", os.fsdecode(b"album/\xff\x1b[31m.jpg")).stdout


def test_at_80_columns_a_face_is_one_line(regard: Run, group_photo: Path) -> None:
    lines = regard("faces", group_photo, columns=80).stdout.splitlines()
    assert len(lines) == 2 + 8 + 1
    assert "Left  Top   Width Height" in lines[0]
    assert "…" not in "".join(lines)


def test_a_picture_that_is_empty_or_too_large_is_named(regard: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "large.jpg").write_bytes(bytes(15_728_641))
    assert "empty.jpg is empty." in regard("faces", "empty.jpg", code=1).stderr
    assert "large.jpg is larger than 15,728,640 bytes" in regard("faces", "large.jpg", code=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "list"],
        ["keys", "suspend", "K"],
        ["audit", "verify"],
        ["audit", "export"],
        ["collections", "list"],
        ["collections", "delete", "c", "--yes"],
        ["search", "c", str(scenes.PICTURES / "astronaut.jpg")],
    ],
)
def test_a_command_that_only_reads_makes_no_data_folder(
    regard: Run, tmp_path: Path, arguments: list[str]
) -> None:
    done = regard(*arguments, "--data", "mistyped", code=1)
    assert done.stderr.startswith("regard: There is no database of Regard in /")
    assert "/mistyped. Name the server's data folder" in done.stderr
    assert not (tmp_path / "mistyped").exists()


def test_what_is_not_there_is_named(regard: Run, portrait: Path, texture: Path) -> None:
    regard("collections", "create", "c")
    for photo in (portrait, texture):
        done = regard("search", "none", photo, code=1)
        assert "The collection id: none does not exist" in done.stderr
    assert "There is no key K" in regard("keys", "suspend", "K", code=1).stderr


@pytest.mark.parametrize("case", ["", "a\tb", "é", "x" * 257])
def test_a_case_is_held_to_the_rule_of_the_header(regard: Run, portrait: Path, case: str) -> None:
    done = regard("compare", portrait, portrait, "--case", case, code=1)
    assert done.stderr == "regard: --case must be 1 to 256 printable ASCII characters.\n"


def test_no_collection_is_made_for_arguments_that_are_refused(regard: Run, album: Path) -> None:
    regard("index", "c", album, "--case", "", code=1)
    regard("index", "c", album, "--purpose", "fun", code=1)
    assert "'MEDIUM'" in regard("index", "c", album, "--quality", "BEST", code=2).stderr
    regard("collections", "create", "other")
    assert len(regard("collections", "list").stdout.splitlines()) == 3


def test_a_second_run_says_that_nothing_was_done_and_again_enrols_again(regard: Run, album: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    second = regard("index", "family", album).stdout
    assert f"Nothing was done: all 5 pictures of {album} are in family already" in second
    assert "5 faces of 5 pictures are in family" in regard("index", "family", album, "--again").stdout
    described = regard("collections", "list").stdout
    assert described.splitlines()[-1].split()[:2] == ["family", "5"]


@pytest.mark.slow
def test_another_naming_is_another_enrolment(regard: Run, album: Path, portrait: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    regard("index", "family", album, "--name-from", "file")
    found = json.loads(regard("search", "family", portrait, "--json").stdout)["FaceMatches"]
    assert {match["Face"]["ExternalImageId"] for match in found} >= {"one", "two"}


def test_index_raises_a_purpose_and_never_lowers_it(regard: Run, album: Path) -> None:
    (album / "broken.jpg").unlink()
    regard("index", "family", album)
    raised = regard("index", "family", album, "--purpose", "access-control").stdout
    assert "The purpose of family is raised from general to access-control." in raised
    refused = regard("index", "family", album, "--purpose", "general", code=1).stderr
    assert "The purpose of family is access-control, and general is no stricter" in refused
    assert "raised" not in regard("index", "family", album, "--purpose", "access-control").stdout
    regard("index", "family", album)
    assert "access-control" in regard("collections", "list").stdout


def test_equal_purposes_do_not_replace_each_other(regard: Run, album: Path) -> None:
    regard("collections", "create", "family", "--purpose", "media")
    refused = regard("index", "family", album, "--purpose", "research", code=1).stderr
    assert "The purpose of family is media, and research is no stricter" in refused


def test_a_credentials_file_that_is_there_is_kept_and_no_key_made(regard: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.ini").write_text("[other]\n")
    refused = regard("keys", "create", "ann", "--credentials", "mine.ini", code=1)
    assert refused.stderr == "regard: mine.ini is there already; name a file that is not.\n"
    assert (tmp_path / "mine.ini").read_text() == "[other]\n"
    regard("keys", "create", "ann", "--credentials", "new.ini")  # the name is free


def test_the_version_is_printed(regard: Run) -> None:
    assert regard("--version").stdout == f"regard {version('regard')}\n"


@pytest.mark.slow
def test_one_face_is_not_faces(regard: Run, portrait: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.jpg").write_bytes(portrait.read_bytes())
    assert "1 of 1 face in astronaut.jpg matches at" in regard("compare", portrait, portrait).stdout
    first = regard("index", "c", "one").stdout
    assert first == "1 face of 1 picture is in c; 0 faces were not good enough, 0 pictures failed.\n"
    assert "the picture of one is in c already" in regard("index", "c", "one").stdout
    assert "1 match in c" in regard("search", "c", portrait).stdout
