"""Two servers, each with a data folder of its own, on one PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from regard.governance.audit import AuditLog
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from tests.conftest import Server, start_server, stop_server
from tests.postgres import Cluster


@dataclass(frozen=True)
class Pair:
    url: str
    servers: list[Server]

    @property
    def clients(self) -> tuple[Any, Any]:
        one, two = (server.client() for server in self.servers)
        return one, two


@pytest.fixture(scope="module")
def pair(
    installed_pack: InstalledPack, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two servers that were started at the same time, on a database that had nothing in it yet."""
    url = cluster.make_database(empty=True)
    folders = [tmp_path_factory.mktemp("servers") / name for name in ("one", "two")]

    def start(folder: Path) -> Server:
        return start_server(folder, environment={"REGARD_DATABASE": url})

    with ThreadPoolExecutor(2) as executor:
        servers = list(executor.map(start, folders))
    yield Pair(url, servers)
    for server in servers:
        stop_server(server)
    cluster.drop_database(url)


@pytest.fixture
def image(portrait: Path) -> dict[str, bytes]:
    return {"Bytes": portrait.read_bytes()}


def found(client: Any, collection: str, image: dict[str, bytes]) -> list[str]:
    answer = client.search_faces_by_image(CollectionId=collection, Image=image)
    return [match["Face"]["FaceId"] for match in answer["FaceMatches"]]


def test_both_have_the_same_first_key(pair: Pair) -> None:
    assert len({(server.key_id, server.secret) for server in pair.servers}) == 1
    for client in pair.clients:
        client.list_collections()


def test_a_collection_made_or_deleted_on_one_is_so_on_the_other(pair: Pair) -> None:
    one, two = pair.clients
    one.create_collection(CollectionId="shared", Tags={"team": "red"})
    assert "shared" in two.list_collections()["CollectionIds"]
    arn = two.describe_collection(CollectionId="shared")["CollectionARN"]
    assert two.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "red"}
    with pytest.raises(two.exceptions.ResourceAlreadyExistsException):
        two.create_collection(CollectionId="shared")
    two.delete_collection(CollectionId="shared")
    assert "shared" not in one.list_collections()["CollectionIds"]
    with pytest.raises(one.exceptions.ResourceNotFoundException):
        one.describe_collection(CollectionId="shared")


def test_a_face_enrolled_on_one_is_found_by_the_other_at_once_until_it_is_deleted(
    pair: Pair, image: dict[str, bytes]
) -> None:
    one, two = pair.clients
    one.create_collection(CollectionId="people")
    assert found(one, "people", image) == found(two, "people", image) == []  # both indexes are there, empty
    [record] = one.index_faces(CollectionId="people", Image=image)["FaceRecords"]
    face_id = record["Face"]["FaceId"]
    assert found(two, "people", image) == [face_id]
    two.delete_faces(CollectionId="people", FaceIds=[face_id])
    assert found(one, "people", image) == found(two, "people", image) == []


def test_one_photo_enrolled_through_both_at_once_is_one_face(pair: Pair, image: dict[str, bytes]) -> None:
    clients = pair.clients
    clients[0].create_collection(CollectionId="once")

    def enrol(n: int) -> str:
        answer = clients[n % 2].index_faces(CollectionId="once", Image=image, ExternalImageId="ann")
        face_id: str = answer["FaceRecords"][0]["Face"]["FaceId"]
        return face_id

    with ThreadPoolExecutor(8) as executor:
        assert len(set(executor.map(enrol, range(8)))) == 1
    for client in clients:
        assert client.describe_collection(CollectionId="once")["FaceCount"] == 1
        assert len(found(client, "once", image)) == 1


def test_a_collection_made_anew_on_the_other_server_is_searched_anew(
    pair: Pair, image: dict[str, bytes]
) -> None:
    one, two = pair.clients
    one.create_collection(CollectionId="anew")
    one.index_faces(CollectionId="anew", Image=image)
    assert len(found(one, "anew", image)) == 1
    two.delete_collection(CollectionId="anew")
    two.create_collection(CollectionId="anew")
    assert found(one, "anew", image) == []


def test_both_write_one_unbroken_audit_log(pair: Pair, tmp_path: Path) -> None:
    clients = pair.clients
    database = Database.open(tmp_path, pair.url)
    audit = AuditLog(database)
    before = audit.verify().sequence

    def ask(n: int) -> None:
        with pytest.raises(ClientError, match=f"no-such-{n} does not exist"):
            clients[n % 2].describe_collection(CollectionId=f"no-such-{n}")

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(ask, range(60)))
    assert audit.verify().sequence == before + 60
    asked = [record["collection"] for record in audit.export() if record["sequence"] > before]
    assert sorted(asked) == sorted(f"no-such-{n}" for n in range(60))
    database.close()
