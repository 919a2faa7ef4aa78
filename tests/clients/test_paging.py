"""Every operation of the service model that answers in pages, by the loop that AWS's guide has for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.api.strategies import API, minimal_request
from tests.conftest import Server, start_server, stop_server
from tests.paging import looped
from tests.signed import Signed

from regard.jobs.leases import JobLeases
from regard.jobs.records import Item, Status, Step
from regard.jobs.store import JobStore
from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from regard.storage.database import Database

PAGED = [name for name in API.operations if "NextToken" in API.operations[name].input.members]
ITEMS = 3


@pytest.fixture(scope="module")
def server(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose worker the tests play: what a job finds is not what is tested here."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "film.mp4").write_bytes(b"never opened")
    started = start_server(tmp_path_factory.mktemp("server") / "data", "--bucket", f"films={folder}")
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client()


@pytest.fixture(scope="module")
def known(client: Any, portrait: Path, other_portrait: Path) -> dict[str, Any]:
    """Values for the members of requests by which the operations find something, by the members' names."""
    for name in ("people", "others"):
        client.create_collection(CollectionId=name)
        client.create_user(CollectionId="people", UserId=name)
    for photo in (portrait, other_portrait):
        client.index_faces(CollectionId="people", Image={"Bytes": photo.read_bytes()})
    return {"CollectionId": "people", "Video": {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}}


def request_of(operation: str, known: dict[str, Any]) -> dict[str, Any]:
    return {name: known.get(name, value) for name, value in minimal_request(operation).items()}


def finish_job(server: Server, client: Any, get: str, known: dict[str, Any]) -> str:
    """A job whose results `get` reads, of a few items."""
    start = get.replace("get_", "start_")
    job_id = getattr(client, start)(**request_of(start, known))["JobId"]
    database = Database.open(server.data)
    leases = JobLeases(JobStore(database))
    lease = leases.take("the tests")
    assert lease is not None
    view = "TIMESTAMPS" if "AggregateBy" in API.operations[get].input.members else ""
    for number in range(ITEMS):
        item = Item(number, f"{number:06}", item_of(get, number), view)
        leases.commit(lease, Step([item], {}, number / ITEMS))
    leases.finish(lease, Status.SUCCEEDED)
    database.close()
    return str(job_id)


def item_of(get: str, number: int) -> dict[str, Any]:
    """The smallest item that `get` can list, which tells its number where its shape can."""
    values = {"Timestamp": number, "StartTimestampMillis": number, "Person": {"Index": number}}
    lists = [
        shape.member.members
        for shape in API.operations[get].output.members.values()
        if shape.type_name == "list"
    ]
    timed = next(members for members in lists if {"Timestamp", "StartTimestampMillis"} & set(members))
    return {name: value for name, value in values.items() if name in timed}


def unlooped(client: Any, method: str, **request: Any) -> list[dict[str, Any]]:
    pages = [getattr(client, method)(**request)]
    while "NextToken" in pages[-1]:
        pages.append(getattr(client, method)(**request, NextToken=pages[-1]["NextToken"]))
    return pages


def outcome(pages: Any, client: Any, operation: str, request: dict[str, Any]) -> Any:
    """What the pages list, or the code of the error."""
    try:
        return [
            {name: value for name, value in page.items() if name not in ("NextToken", "ResponseMetadata")}
            for page in pages(client, operation, **request)
        ]
    except ClientError as error:
        return error.response["Error"]["Code"]


@pytest.mark.parametrize("operation", PAGED)
def test_an_empty_token_begins_at_the_first_page(
    operation: str, server: Server, client: Any, known: dict[str, Any]
) -> None:
    required = set(API.operations[operation].input.required_members)
    request = request_of(operation, known)
    if "JobId" in required and operation in OPERATIONS:
        request["JobId"] = finish_job(server, client, operation, known)
    plain = outcome(unlooped, client, operation, {**request, "MaxResults": 1})
    assert outcome(looped, client, operation, {**request, "MaxResults": 1}) == plain
    if operation in OPERATIONS and required <= {*known, "JobId"}:
        assert isinstance(plain, list), plain
        assert len(plain) >= 2 or not required


def test_an_empty_token_begins_regard_s_own_listing_of_jobs(
    server: Server, client: Any, known: dict[str, Any]
) -> None:
    for _ in range(2):
        client.start_face_detection(Video=known["Video"], JobTag=str(uuid.uuid4()))
    first = Signed(server).call("GET", "/regard/v1/jobs?MaxResults=1&NextToken=")
    assert first["Jobs"] == Signed(server).call("GET", "/regard/v1/jobs?MaxResults=1")["Jobs"]
    assert "NextToken" in first
