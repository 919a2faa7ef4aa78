"""`regard migrate collection`: faces come over under their own ids, or it is said why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regard.client import client as local_client
from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.migration.journal import MigrationJournal
from regard.storage.database import Database
from tests.migration.conftest import NAME, Leaving, regard_json
from tests.migration.faulty import BROKEN, EXPIRED, THROTTLED, faulty_aws


def migrate(
    leaving: Leaving, data: Path, *options: object, purpose: str | None = "general"
) -> dict[str, Any]:
    named = [] if purpose is None else ["--purpose", purpose]
    arguments = ["--images", leaving.pictures, "--data", data, *leaving.options, *named, *options]
    return regard_json("migrate", "collection", NAME, *arguments)


def test_each_face_is_carried_or_has_a_reason(arrived: tuple[Path, dict[str, Any]]) -> None:
    assert arrived[1] == {
        "faces": 9,
        "enrolled": 6,
        "known": 0,
        "left": {"no picture": 1, "no face there": 1, "below the quality here": 1},
        "users": 2,
        "associated": 2,
        "full": 0,
        "users_erased": 0,
    }


def test_those_that_are_left_are_listed_by_their_face_ids(
    leaving: Leaving, arrived: tuple[Path, dict[str, Any]]
) -> None:
    lines = (arrived[0].parent / "left.csv").read_text().splitlines()
    assert set(lines) == {
        "face_id,reason",
        f"{leaving.faces['lost'][0]},no picture",
        f"{leaving.faces['replaced'][0]},no face there",
        f"{leaving.faces['poor'][0]},below the quality here",
    }


def test_every_face_id_answers_as_before(leaving: Leaving, arrived: tuple[Path, dict[str, Any]]) -> None:
    here = local_client(data=arrived[0])
    gone = {face for name in ("lost", "replaced", "poor") for face in leaving.faces[name]}

    def listed(client: Any) -> dict[str, Any]:
        faces = client.list_faces(CollectionId=NAME)["Faces"]
        return {face["FaceId"]: face for face in faces if face["FaceId"] not in gone}

    def found(client: Any, face_id: str) -> list[tuple[str, float]]:
        answer = client.search_faces(CollectionId=NAME, FaceId=face_id, FaceMatchThreshold=0)
        matches = [(one["Face"]["FaceId"], one["Similarity"]) for one in answer["FaceMatches"]]
        return [match for match in matches if match[0] not in gone]

    assert listed(here) == listed(leaving.client)
    assert len(listed(here)) == 6
    for face_id in listed(here):
        assert found(here, face_id) == found(leaving.client, face_id)


def test_users_and_tags_come_over(leaving: Leaving, arrived: tuple[Path, dict[str, Any]]) -> None:
    here = local_client(data=arrived[0])
    assert (
        here.list_users(CollectionId=NAME)["Users"] == leaving.client.list_users(CollectionId=NAME)["Users"]
    )
    held = here.list_faces(CollectionId=NAME, UserId="grace")["Faces"]
    assert {face["FaceId"] for face in held} == {leaving.faces["hopper"][0], leaving.faces["astronaut"][0]}
    arn = here.describe_collection(CollectionId=NAME)["CollectionARN"]
    assert here.list_tags_for_resource(ResourceArn=arn)["Tags"] == {
        "team": "red",
        "regard:purpose": "general",
    }


def test_a_picture_that_is_indexed_again_is_known(
    leaving: Leaving, arrived: tuple[Path, dict[str, Any]]
) -> None:
    here = local_client(data=arrived[0])
    picture = (leaving.pictures / "people" / "hopper.jpg").read_bytes()
    answer = here.index_faces(CollectionId=NAME, Image={"Bytes": picture}, ExternalImageId="hopper")
    assert [record["Face"]["FaceId"] for record in answer["FaceRecords"]] == leaving.faces["hopper"]


def test_the_log_says_who_filled_it_from_where(
    leaving: Leaving, arrived: tuple[Path, dict[str, Any]]
) -> None:
    database = Database.open(arrived[0])
    records = [record for record in AuditLog(database).export() if record["operation"] == "MigrateFaces"]
    database.close()
    assert [record["outcome"] for record in records] == ["begun", "ok"]
    assert records[1]["collection"] == NAME
    facts = records[1]["facts"]
    assert (facts["SourceFaces"], facts["Enrolled"], facts["Left"]) == (9, 6, 3)
    assert facts["Source"].endswith(f"collection/{NAME}")


def test_a_second_run_reads_no_picture_and_doubles_nothing(
    leaving: Leaving, arrived: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    said = regard_json(
        "migrate", "collection", NAME, "--images", tmp_path, "--data", arrived[0], *leaving.options
    )
    assert said == arrived[1] | {"enrolled": 0, "known": 6}


def test_whom_somebody_has_erased_since_stays_erased(leaving: Leaving, copied: Path) -> None:
    here = local_client(data=copied)
    gone = leaving.faces["hopper"][0]
    here.delete_user(CollectionId=NAME, UserId="grace")
    here.delete_faces(CollectionId=NAME, FaceIds=[gone])
    options = ["--images", leaving.pictures, "--data", copied, *leaving.options]
    said = regard_json("migrate", "collection", NAME, *options)
    assert (said["enrolled"], said["left"]["erased since"], said["users_erased"]) == (0, 1, 1)
    assert "grace" not in [user["UserId"] for user in here.list_users(CollectionId=NAME)["Users"]]
    said = regard_json("migrate", "collection", NAME, *options, "--even-erased")
    assert (said["enrolled"], said["associated"]) == (1, 2)


@pytest.mark.slow
def test_again_tries_what_was_left(leaving: Leaving, copied: Path, tmp_path: Path) -> None:
    found = tmp_path / "found"
    found.mkdir()
    (found / "poor.jpg").write_bytes((leaving.pictures / "people" / "poor.jpg").read_bytes())
    options = ["--images", found, "--data", copied, "--again", "--quality", "NONE", *leaving.options]
    said = regard_json("migrate", "collection", NAME, *options)
    assert (said["enrolled"], said["known"], said["left"]) == (1, 6, {"no picture": 2})


def test_a_collection_that_is_to_be_made_takes_a_purpose(leaving: Leaving, tmp_path: Path) -> None:
    with pytest.raises(RegardError, match=r"Say what leaving is for here \(--purpose\)"):
        migrate(leaving, tmp_path / "data", purpose=None)


def test_where_each_face_takes_a_consent_none_is_enrolled_before_all_are_there(
    leaving: Leaving, tmp_path: Path
) -> None:
    with pytest.raises(RegardError, match="no valid consent of 'astronaut'"):
        migrate(leaving, tmp_path / "data", "--consent")


@pytest.mark.slow
def test_a_list_says_which_picture_is_which(leaving: Leaving, tmp_path: Path) -> None:
    listed = tmp_path / "pictures.csv"
    listed.write_text(f"face_id,key\n{leaving.faces['hopper'][0]},people/hopper.jpg\n")
    said = migrate(leaving, tmp_path / "data", "--match", listed)
    assert (said["enrolled"], said["left"]) == (1, {"no picture": 8})


@pytest.mark.slow
def test_a_source_that_throttles_and_fails_for_a_moment_is_asked_again(
    leaving: Leaving, tmp_path: Path
) -> None:
    with faulty_aws(leaving.server.endpoint) as aws:
        aws.faults.extend([THROTTLED, BROKEN])
        inventory = regard_json(
            "migrate", "plan", "--data", tmp_path / "data", *leaving.options, "--endpoint-url", aws.endpoint
        )
    assert NAME in [one["collection_id"] for one in inventory["collections"]]
    assert len(aws.asked) == len(aws.passed) + 2


def test_credentials_that_are_gone_are_one_sentence(leaving: Leaving, tmp_path: Path) -> None:
    with faulty_aws(leaving.server.endpoint) as aws:
        aws.always = EXPIRED
        with pytest.raises(RegardError, match=r"^The source refused describe_collection: ExpiredToken"):
            migrate(leaving, tmp_path / "data", "--endpoint-url", aws.endpoint)


def test_a_journal_whose_last_line_was_cut_off_forgets_that_image_alone(tmp_path: Path) -> None:
    from regard.migration.records import NotCarried

    journal = MigrationJournal(tmp_path / "journal.jsonl")
    journal.write([("one", {"face": NotCarried.NO_FACE}), ("two", {})])
    whole = (tmp_path / "journal.jsonl").read_text()
    (tmp_path / "journal.jsonl").write_text(whole[:-6])
    again = MigrationJournal(tmp_path / "journal.jsonl")
    assert again.left("one") == {"face": NotCarried.NO_FACE}
    assert again.left("two") is None
