"""`regard migrate plan` and `check`: what there is before, and what has become of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regard.client import client as local_client
from tests.migration.conftest import NAME, Leaving, regard, regard_json


def test_the_plan_counts_and_times_the_pictures(leaving: Leaving, tmp_path: Path) -> None:
    arguments = ["--images", leaving.pictures, "--data", tmp_path / "data", *leaving.options]
    plan = regard_json("migrate", "plan", *arguments)
    [mine] = [one for one in plan["collections"] if one["collection_id"] == NAME]
    assert (mine["face_count"], mine["user_count"], mine["tags"]) == (9, 2, {"team": "red"})
    assert (mine["pictures"]["images"], mine["pictures"]["with_picture"]) == (6, 5)
    assert mine["pictures"]["hours"] > 0
    assert plan["unread"] == []


@pytest.mark.slow
def test_the_plan_is_read_by_people_too(leaving: Leaving, tmp_path: Path) -> None:
    said = regard("migrate", "plan", "--data", tmp_path / "data", *leaving.options)
    assert NAME in said
    assert "no operation of Rekognition returns one" in said


@pytest.fixture(scope="module")
def checked(
    leaving: Leaving, arrived: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The page of the check's report, and what it says."""
    page = tmp_path_factory.mktemp("checked") / "check.html"
    where = ["--data", arrived[0], *leaving.options]
    return page, regard_json("migrate", "check", NAME, *where, "--html", page)


def test_the_check_counts_faces_users_and_names(checked: tuple[Path, dict[str, Any]]) -> None:
    found = checked[1]
    assert (found["source_faces"], found["carried"], found["changed"], found["added"]) == (9, 6, 0, 0)
    assert found["left"] == {"no picture": 1, "no face there": 1, "below the quality here": 1}
    assert (found["unexplained"], found["complete"]) == (0, False)
    assert found["by_user"]["whole"] == 2
    assert (found["by_external_id"]["whole"], found["by_external_id"]["none"]) == (3, 3)


def test_the_check_finds_every_face_by_its_own_vector(checked: tuple[Path, dict[str, Any]]) -> None:
    found = checked[1]
    assert (found["found"], found["searched"]) == (6, 6)
    assert found["self_search"]["rate"] == 1
    assert found["self_search"]["low"] == pytest.approx(0.541, abs=1e-3)  # .025 ** (1 / 6)


def test_the_report_has_a_line_to_sign(checked: tuple[Path, dict[str, Any]]) -> None:
    page = checked[0].read_text()
    assert "leaving is not complete: 3 faces of the source not here." in page
    assert "<th>Signature</th>" in page


@pytest.mark.slow
def test_a_face_that_was_erased_here_is_missed(leaving: Leaving, copied: Path) -> None:
    face = leaving.faces["group"][0]
    local_client(data=copied).delete_faces(CollectionId=NAME, FaceIds=[face])
    found = regard_json("migrate", "check", NAME, "--data", copied, *leaving.options)
    assert (found["carried"], found["unexplained"]) == (5, 1)
    assert found["by_external_id"]["incomplete"][0] == ["group", 4, 3]
