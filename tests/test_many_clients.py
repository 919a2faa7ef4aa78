"""Many clients at once, and many calls one after another: nothing is lost, mixed up or left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from regard.packs.install import InstalledPack
from tests import scenes
from tests.conftest import Server, start_server, stop_server

CLIENTS = 12
ROUNDS = 3
CALLS = 900
ONCE = Config(retries={"total_max_attempts": 1})  # a second attempt would hide what became of the first


@pytest.fixture
def server(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Server]:
    started = start_server(tmp_path / "data")
    yield started
    stop_server(started)


def photo(seed: int) -> bytes:
    """Two people in a small picture."""
    return scenes.jpeg(scenes.group([120, 120], width=320, height=160, seed=seed)[0])


def enrol_search_erase(client: Any, number: int) -> set[str]:
    """Enrols, finds and erases faces of its own in a collection that others use; answers which it kept."""
    picture, kept = photo(number), set()
    for round in range(ROUNDS):
        records = client.index_faces(
            CollectionId="c", Image={"Bytes": picture}, ExternalImageId=f"{number}.{round}"
        )["FaceRecords"]
        first, second = (record["Face"]["FaceId"] for record in records)
        matches = client.search_faces_by_image(CollectionId="c", Image={"Bytes": picture}, MaxFaces=4096)
        assert {first, second} & {match["Face"]["FaceId"] for match in matches["FaceMatches"]}
        assert client.delete_faces(CollectionId="c", FaceIds=[first])["DeletedFaces"] == [first]
        matches = client.search_faces(CollectionId="c", FaceId=second, FaceMatchThreshold=0, MaxFaces=4096)
        assert first not in {match["Face"]["FaceId"] for match in matches["FaceMatches"]}
        kept.add(second)
    return kept


def test_clients_that_enrol_search_and_erase_at_once_lose_nothing(server: Server) -> None:
    clients = [server.client(config=ONCE) for _ in range(CLIENTS)]
    clients[0].create_collection(CollectionId="c")
    with ThreadPoolExecutor(CLIENTS) as executor:
        kept = set().union(*executor.map(enrol_search_erase, clients, range(CLIENTS)))
    listed = clients[0].list_faces(CollectionId="c")["Faces"]
    assert {face["FaceId"] for face in listed} == kept
    assert clients[0].describe_collection(CollectionId="c")["FaceCount"] == len(kept) == CLIENTS * ROUNDS


def resident(process: int) -> float:
    """Megabytes of memory that a process has."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def call(client: Any, number: int) -> None:
    """One call of nine kinds in turn, of which three are refused."""
    image = {"Bytes": photo(number % 7)}
    kind = number % 9
    try:
        if kind == 0:
            client.index_faces(CollectionId="c", Image=image, ExternalImageId=str(number), MaxFaces=1)
        elif kind == 1:
            client.search_faces_by_image(CollectionId="c", Image=image)
        elif kind == 2:
            client.detect_faces(Image=image, Attributes=["ALL"])
        elif kind == 3:
            client.detect_labels(Image=image)
        elif kind == 4:
            client.compare_faces(SourceImage=image, TargetImage=image)
        elif kind == 5:
            faces = client.list_faces(CollectionId="c")["Faces"]
            client.delete_faces(CollectionId="c", FaceIds=[face["FaceId"] for face in faces])
        elif kind == 6:
            client.detect_faces(Image={"Bytes": image["Bytes"][:200]})
        elif kind == 7:
            client.detect_faces(Image={"Bytes": bytes(7_000_000)})
        else:
            client.describe_collection(CollectionId="none")
    except ClientError:
        assert kind > 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_server_s_memory_does_not_grow_with_its_calls(server: Server) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the memory of another process is read from /proc, which Linux has")
    client = server.client(config=ONCE)
    client.create_collection(CollectionId="c")
    sizes = []
    for number in range(CALLS):
        call(client, number)
        if number % 100 == 99:
            sizes.append(resident(server.process.pid))
    print("MB after each hundred calls:", *(round(size) for size in sizes))
    assert sizes[-1] - sizes[2] < 50
