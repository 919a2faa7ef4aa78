"""`regard celebrities`, as a stranger uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests import scenes
from tests.cli.conftest import Run


@pytest.fixture
def album(tmp_path: Path, texture: Path) -> Path:
    """Two photos of one person, and what can't be taken for her."""
    album = tmp_path / "album"
    album.mkdir()
    scenes.portrait("astronaut").save(album / "one.jpg")
    scenes.portrait("astronaut").rotate(8).save(album / "two.png")
    scenes.portrait("hopper").save(album / "stranger.jpg")
    scenes.group([200, 200])[0].save(album / "two-people.jpg")
    Image.open(texture).save(album / "nobody.png")
    (album / "broken.jpg").write_bytes(b"no picture")
    return album


def test_a_celebrity_is_enrolled_recognised_and_removed(
    regard: Run, album: Path, group_photo: Path, tmp_path: Path
) -> None:
    options = ["--url", "example.org/e", "--url", "example.org/c", "--known-gender", "Female"]
    added = regard("celebrities", "add", "Eileen Collins", album, *options)
    assert "with 2 photos. 4 pictures were passed over." in added.stdout
    for problem in (
        "broken.jpg: it is no picture",
        "nobody.png: there is no face in it.",
        "stranger.jpg: it does not resemble",
        "two-people.jpg: it has several faces of about the same size.",
    ):
        assert problem in added.stderr
    [listed] = json.loads(regard("celebrities", "list", "--json").stdout)
    assert listed["name"] == "Eileen Collins"
    assert (listed["photos"], listed["known_gender"]) == (2, "Female")
    assert listed["urls"] == ["example.org/e", "example.org/c"]
    assert "Eileen Collins" in regard("celebrities", "list").stdout

    found = regard("celebrities", "recognize", group_photo, "--draw", "out.png").stdout
    assert "Eileen Collins" in found
    assert "of 8 faces in group.jpg are celebrities; drawn in out.png" in found
    with Image.open(tmp_path / "out.png") as drawn:
        assert (255, 196, 0) in {color for _, color in drawn.getcolors(1 << 24)}
    answer = json.loads(regard("celebrities", "recognize", group_photo, "--json").stdout)
    assert {one["Id"] for one in answer["CelebrityFaces"]} == {listed["celebrity_id"]}

    assert "is erased" in regard("celebrities", "remove", listed["celebrity_id"], "--yes").stdout
    assert "There is no celebrity yet." in regard("celebrities", "list").stdout
    log = [json.loads(line) for line in regard("audit", "export").stdout.splitlines()]
    changes = {"PutCelebrity", "DeleteCelebrity"}
    assert [(one["operation"], one["facts"]) for one in log if one["operation"] in changes] == [
        ("PutCelebrity", {"Id": listed["celebrity_id"]}),
        ("DeleteCelebrity", {"Id": listed["celebrity_id"]}),
    ]
    assert "Eileen" not in json.dumps(log)


def test_a_folder_without_a_usable_photo_changes_nothing(regard: Run, album: Path) -> None:
    for name in ("one.jpg", "two.png", "stranger.jpg"):
        (album / name).unlink()
    refused = regard("celebrities", "add", "Nobody", album, code=1)
    assert "can be taken; nothing was changed" in refused.stderr
    assert regard("celebrities", "list", "--json").stdout.strip() == "[]"


def test_what_is_not_there_is_one_sentence(regard: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    missing = regard("celebrities", "add", "Nobody", tmp_path / "empty", code=1)
    assert "There is no JPEG or PNG in" in missing.stderr
    assert "There is no database of Regard" in regard("celebrities", "list", code=1).stderr
    regard("keys", "create", "somebody")
    assert "There is no celebrity Nobody" in regard("celebrities", "remove", "Nobody", "--yes", code=1).stderr
