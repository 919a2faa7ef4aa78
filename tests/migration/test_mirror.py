"""`regard serve --mirror`: faces and users that change here change at the other service, in their order."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from regard.app import Parts
from regard.caller import LOCAL
from regard.migration.mirror.delivery import MirrorDelivery
from regard.migration.mirror.here import faces_here
from regard.migration.mirror.mirror import FOLDER, Mirror, open_journal
from regard.migration.mirror.spool import MirroredChange, MirrorJournal, MirrorSpool
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.exchange import ShadowService
from regard.migration.shadow.rules import LeavingRules
from tests.conftest import Server
from tests.migration.faulty import BROKEN, THROTTLED, FaultyAws, faulty_aws
from tests.waiting import wait_until

Open = Callable[..., Any]


class Mirrored:
    """A collection here and there, and changes of it here, as the endpoint tells of them."""

    def __init__(self, parts: Parts, server: Server) -> None:
        self.name = f"mirrored-{uuid.uuid4()}"
        self.parts = parts
        self.there = server.client()
        self.there.create_collection(CollectionId=self.name)
        self.call("create_collection")

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.parts.gate.call(operation, {"CollectionId": self.name, **params}, LOCAL)

    def change(self, operation: str, key: str, **params: Any) -> AnsweredRequest:
        answer = self.call(key, **params)
        if "Image" in params:
            params["Image"] = {"Bytes": base64.b64encode(params["Image"]["Bytes"]).decode()}
        body = json.dumps({"CollectionId": self.name, **params}).encode()
        return AnsweredRequest(operation, body, LOCAL, "r", 200, None, json.dumps(answer).encode(), 0.1)

    def index(self, picture: Path) -> AnsweredRequest:
        image = {"Bytes": picture.read_bytes()}
        return self.change("IndexFaces", "index_faces", Image=image, ExternalImageId=picture.stem)

    def face(self) -> str:
        [face] = self.call("list_faces")["Faces"]
        return str(face["FaceId"])

    def faces_there(self, **of: str) -> list[str]:
        faces = self.there.list_faces(CollectionId=self.name, **of)["Faces"]
        return [face["FaceId"] for face in faces]

    def outcomes(self) -> list[Any]:
        return [entry["outcome"] for entry in open_journal(self.parts.settings.data).entries()]


@pytest.fixture
def mirrored(parts: Parts, server: Server) -> Mirrored:
    return Mirrored(parts, server)


@pytest.fixture
def aws(server: Server) -> Iterator[FaultyAws]:
    with faulty_aws(server.endpoint) as before:
        yield before


@pytest.fixture
def opened(parts: Parts, server: Server, aws: FaultyAws) -> Open:
    """Opens the mirror of these parts, which tries again at once."""

    def changes(name: str) -> bool:
        declared = parts.gate.declared(name)
        return declared is not None and declared.fills_collections

    @contextmanager
    def mirror(erasures_every: float = 60.0, **limits: int) -> Iterator[Mirror]:
        session = boto3.Session(server.key_id, server.secret, region_name="us-east-1")
        one = Mirror(
            ShadowService(aws.endpoint, session.get_credentials(), "us-east-1"),
            LeavingRules(parts.stores.collections, parts.stores.privacy.faces, "general", set()),
            MirrorSpool(parts.settings.data / FOLDER, **limits),
            open_journal(parts.settings.data),
            changes,
            faces_here(parts.stores.collections, parts.stores.gallery),
            first_pause=0.01,
            erasures_every=erasures_every,
        )
        try:
            yield one
        finally:
            one.close()

    return mirror


def test_changes_are_made_there_in_their_order_whatever_fails_for_a_moment(
    mirrored: Mirrored, opened: Open, aws: FaultyAws, portrait: Path
) -> None:
    aws.faults.extend([THROTTLED, BROKEN])
    with opened() as mirror:
        mirror.answered(mirrored.index(portrait))
        face = mirrored.face()
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        join = mirrored.change("AssociateFaces", "associate_faces", UserId="ann", FaceIds=[face])
        mirror.answered(join)
        wait_until(lambda: len(mirrored.outcomes()) == 3)
        [there] = mirrored.faces_there(UserId="ann")
        assert there != face  # which the other service has given a name of its own
        leave = mirrored.change("DisassociateFaces", "disassociate_faces", UserId="ann", FaceIds=[face])
        mirror.answered(leave)
        mirror.answered(mirrored.change("DeleteFaces", "delete_faces", FaceIds=[face]))
        wait_until(lambda: len(mirrored.outcomes()) == 5)
    assert mirrored.faces_there() == []
    assert mirrored.outcomes() == ["delivered"] * 5
    assert aws.asked[:3] == ["IndexFaces"] * 3


def test_what_waits_is_made_after_a_restart(
    mirrored: Mirrored, opened: Open, aws: FaultyAws, portrait: Path
) -> None:
    aws.always = BROKEN
    with opened() as mirror:
        mirror.answered(mirrored.index(portrait))
        wait_until(lambda: aws.asked)
    aws.always = None
    assert mirrored.faces_there() == []
    with opened():
        wait_until(mirrored.outcomes)
    assert len(mirrored.faces_there()) == 1
    assert list((mirrored.parts.settings.data / FOLDER).glob("*.json")) == []


def test_what_found_no_room_is_written_down_and_its_faces_are_not_asked_for_there(
    mirrored: Mirrored, opened: Open, aws: FaultyAws, portrait: Path
) -> None:
    with opened(max_changes=0) as mirror:
        mirror.answered(mirrored.index(portrait))
    with opened() as mirror:
        mirror.answered(mirrored.change("DeleteFaces", "delete_faces", FaceIds=[mirrored.face()]))
        wait_until(lambda: len(mirrored.outcomes()) == 2)
    assert mirrored.outcomes() == ["spool full", "nothing to change there"]
    assert aws.asked == []


def test_what_is_refused_there_holds_nothing_up(mirrored: Mirrored, opened: Open, aws: FaultyAws) -> None:
    mirrored.there.create_user(CollectionId=mirrored.name, UserId="ann")
    with opened() as mirror:
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="bob"))
        wait_until(lambda: len(mirrored.outcomes()) == 2)
    assert mirrored.outcomes() == ["ConflictException", "delivered"]


def test_a_collection_that_asks_for_consent_is_not_mirrored(
    parts: Parts, mirrored: Mirrored, opened: Open, aws: FaultyAws
) -> None:
    arn = mirrored.call("describe_collection")["CollectionARN"]
    parts.gate.call("tag_resource", {"ResourceArn": arn, "Tags": {"regard:consent": "required"}}, LOCAL)
    with opened() as mirror:
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        mirror.answered(mirrored.change("ListUsers", "list_users"))
    assert mirrored.outcomes() == ["consent"]
    assert aws.asked == []


def test_a_spool_gives_changes_back_in_their_order_past_a_restart(tmp_path: Path) -> None:
    spool = MirrorSpool(tmp_path)
    changes = [MirroredChange("CreateUser", str(number), "{}", "{}") for number in range(3)]
    assert all(spool.put(change) for change in changes)
    again = MirrorSpool(tmp_path)
    assert again.put(MirroredChange("CreateUser", "3", "{}", "{}"))
    found = []
    while (waiting := again.oldest()) is not None:
        found.append(waiting[1].request_id)
        again.remove(waiting[0])
    assert found == ["0", "1", "2", "3"]
    assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == []


def test_faces_that_are_erased_here_without_a_request_are_erased_there_users_faces_too(
    mirrored: Mirrored, opened: Open, parts: Parts, portrait: Path
) -> None:
    with opened(erasures_every=0.01) as mirror:
        mirror.answered(mirrored.index(portrait))
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        faces = [mirrored.face()]
        mirror.answered(mirrored.change("AssociateFaces", "associate_faces", UserId="ann", FaceIds=faces))
        wait_until(lambda: len(mirrored.outcomes()) == 3)
        parts.gate.call("delete_collection", {"CollectionId": mirrored.name}, LOCAL)
        wait_until(lambda: mirrored.faces_there() == [])
        wait_until(lambda: len(mirrored.outcomes()) == 4)
    assert open_journal(parts.settings.data).pairs() == {}


def test_a_picture_whose_faces_are_erased_before_it_is_sent_stays_here(
    mirrored: Mirrored, opened: Open, aws: FaultyAws, portrait: Path
) -> None:
    request = mirrored.index(portrait)
    mirrored.call("delete_faces", FaceIds=[mirrored.face()])
    with opened() as mirror:
        mirror.answered(request)
        wait_until(mirrored.outcomes)
    assert mirrored.outcomes() == ["erased here meanwhile"]
    assert aws.asked == []


def test_rules_that_have_changed_since_hold_what_waits_back(
    parts: Parts, mirrored: Mirrored, opened: Open, aws: FaultyAws, portrait: Path
) -> None:
    aws.always = BROKEN
    with opened() as mirror:
        mirror.answered(mirrored.index(portrait))
        wait_until(lambda: aws.asked)
    arn = mirrored.call("describe_collection")["CollectionARN"]
    parts.gate.call("tag_resource", {"ResourceArn": arn, "Tags": {"regard:purpose": "missing-person"}}, LOCAL)
    aws.always = None
    with opened():
        wait_until(mirrored.outcomes)
    assert mirrored.outcomes() == ["strict purpose"]
    assert mirrored.faces_there() == []


def test_a_file_that_is_no_change_is_set_aside_and_holds_nothing_up(
    mirrored: Mirrored, opened: Open, aws: FaultyAws
) -> None:
    folder = mirrored.parts.settings.data / FOLDER
    folder.mkdir(parents=True)
    (folder / "000000000001.json").write_text("half a chan")
    with opened() as mirror:
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        wait_until(lambda: len(mirrored.outcomes()) == 2)
    assert mirrored.outcomes() == ["unreadable", "delivered"]
    assert [file.name for file in folder.glob("*.unreadable")] == ["000000000001.unreadable"]


def test_a_failure_of_its_own_ends_no_mirror(
    mirrored: Mirrored, opened: Open, aws: FaultyAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote, full = MirrorJournal.write, [OSError(28, "No space left on device")]

    def write(self: MirrorJournal, *values: Any) -> None:
        if full:
            raise full.pop()
        wrote(self, *values)

    monkeypatch.setattr(MirrorJournal, "write", write)
    aws.faults.append((200, ["a proxy's page"]))
    with opened() as mirror:
        mirror.answered(mirrored.change("CreateUser", "create_user", UserId="ann"))
        wait_until(mirrored.outcomes)
    assert len(aws.asked) == 3


def test_what_is_made_in_part_says_why() -> None:
    box = {"Left": 0.1, "Top": 0.1, "Width": 0.2, "Height": 0.2}
    here = {"FaceRecords": [{"Face": {"FaceId": "own", "BoundingBox": box}}]}
    there = {"FaceRecords": [], "UnindexedFaces": [{"Reasons": ["SMALL_BOUNDING_BOX"]}]}
    delivery = MirrorDelivery.of(here, there, {})
    assert (delivery.outcome, delivery.faces) == (
        "in part: SMALL_BOUNDING_BOX, fewer faces there",
        {"own": None},
    )
    assert MirrorDelivery("delivered").lacking_faces().outcome == "in part: fewer faces there"
    refused = {"UnsuccessfulFaceDeletions": [{"FaceId": "t", "Reasons": ["ASSOCIATED"], "UserId": "ann"}]}
    assert MirrorDelivery.of({}, refused, {"t": "own"}) == MirrorDelivery("in part: ASSOCIATED", {})


def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text('{"operation":"Inde')
    MirrorJournal(file).write("CreateUser", "r", "delivered", {})
    assert [entry["outcome"] for entry in MirrorJournal(file).entries()] == ["delivered"]
