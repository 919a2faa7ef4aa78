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
from regard.migration.mirror.mirror import FOLDER, Mirror, open_journal
from regard.migration.mirror.spool import MirroredChange, MirrorSpool
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
    def mirror(**limits: int) -> Iterator[Mirror]:
        session = boto3.Session(server.key_id, server.secret, region_name="us-east-1")
        one = Mirror(
            ShadowService(aws.endpoint, session.get_credentials(), "us-east-1"),
            LeavingRules(parts.stores.collections, parts.stores.privacy.faces, "general", set()),
            MirrorSpool(parts.settings.data / FOLDER, **limits),
            open_journal(parts.settings.data),
            changes,
            first_pause=0.01,
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
