"""A server whose clients are answered by another one, before the switch."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
import uvicorn

from regard.app import Parts, asgi
from regard.metering.prices import find_price_list
from regard.migration.elsewhere import Elsewhere
from regard.migration.shadow.budget import ShadowBudget
from regard.migration.shadow.exchange import ShadowService
from regard.migration.shadow.journal import ComparisonJournal
from regard.migration.shadow.options import ShadowOptions
from regard.migration.shadow.rules import LeavingRules
from regard.migration.shadow.shadow import Shadow
from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from tests.conftest import start_server, stop_server
from tests.migration.conftest import NAME, Leaving, regard, regard_json
from tests.waiting import wait_until


@pytest.fixture
def house(parts: Parts, leaving: Leaving) -> Iterator[tuple[str, Shadow]]:
    """The address of a server of these parts, and its shadow, which answers from the one that plays AWS."""
    session = boto3.Session(leaving.server.key_id, leaving.server.secret, region_name="us-east-1")
    shadow = Shadow(
        ShadowService(leaving.server.endpoint, session.get_credentials(), "us-east-1"),
        ShadowBudget(find_price_list("aws-us-east-1-2026"), Decimal(1)),
        LeavingRules(parts.stores.collections, parts.stores.privacy.faces, "general", set()),
        ComparisonJournal(parts.settings.data),
        parts.gate.declared,
        ShadowOptions(1.0, answers=True),
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            asgi(parts, elsewhere=Elsewhere(shadow)), ws="none", lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", shadow
        server.should_exit = True
        thread.join()


def test_clients_get_the_answers_of_the_other_side_and_the_report_compares_them(
    parts: Parts, house: tuple[str, Shadow], leaving: Leaving, portrait: Path
) -> None:
    address, shadow = house
    key = parts.keys.find(parts.keys.create("a", "admin").holder.key_id)
    assert key is not None
    client = boto3.client(
        "rekognition",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=key.holder.key_id,
        aws_secret_access_key=key.secret,
    )
    client.create_collection(CollectionId=NAME)
    picture = {"Bytes": portrait.read_bytes()}
    found = client.search_faces_by_image(CollectionId=NAME, Image=picture)
    assert found["FaceMatches"][0]["Face"]["FaceId"] in leaving.faces["astronaut"]  # which are not here
    client.detect_faces(Image=picture)
    client.compare_faces(SourceImage=picture, TargetImage=picture)
    with pytest.raises(client.exceptions.InvalidImageFormatException):
        client.detect_faces(Image={"Bytes": b"no picture"})
    assert client.list_faces(CollectionId=NAME)["Faces"] == []
    shadow.close()
    data = parts.settings.data
    assert ComparisonJournal(data).spent() == Decimal("0.004")
    page = data.parent / "report.html"
    report = regard_json("migrate", "report", "--data", data, "--html", page)
    rows = {(row["area"], row["measure"]): row for row in report["rows"]}
    assert rows["Faces", "of theirs, found here"]["value"] == 1
    assert rows["Search", "the same person first"]["value"] == 0
    assert rows["Wire", "the same status"]["count"] == 4
    assert rows["Wire", "the same status"]["verdict"] == "same"
    assert rows["Wire", "the same error code"]["value"] == 1
    assert report["disagreements"][0][1] == "SearchFacesByImage"
    assert report["compared"] == 3
    assert "The largest disagreements" in page.read_text()


def test_the_policy_of_a_shadow_allows_what_is_compared_and_nothing_else() -> None:
    document = json.loads(regard("migrate", "policy", "shadow"))
    actions = {action for statement in document["Statement"] for action in statement["Action"]}
    compared = {f"rekognition:{one.name}" for one in OPERATIONS.values() if one.is_repeatable}
    assert actions == compared


def test_a_policy_is_for_the_collections_that_are_named() -> None:
    arn = "arn:aws:rekognition:us-east-1:123456789012:collection/staff"
    first, second = json.loads(regard("migrate", "policy", "read", "--collection-arn", arn))["Statement"]
    assert (first["Resource"], second["Resource"]) == ([arn], ["*"])
    assert "rekognition:ListFaces" in first["Action"]


def test_a_policy_lets_pictures_be_read_in_the_buckets_that_are_named() -> None:
    last = json.loads(regard("migrate", "policy", "mirror", "--bucket", "photos"))["Statement"][-1]
    assert (last["Action"], last["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::photos/*"])


@pytest.mark.slow  # a server of its own takes ten seconds to start
def test_the_command_opens_a_shadow_and_says_so(
    installed_pack: InstalledPack, leaving: Leaving, portrait: Path, tmp_path: Path
) -> None:
    options = ["--shadow", leaving.server.endpoint, "--shadow-share", "1", "--shadow-profile", "source"]
    started = start_server(tmp_path / "data", *options)
    try:
        started.client().detect_faces(Image={"Bytes": portrait.read_bytes()})
        wait_until(lambda: regard_json("migrate", "report", "--data", started.data)["compared"] == 1)
    finally:
        stop_server(started)
    assert "100 % of what may leave is compared with" in (tmp_path / "data.log").read_text()
