"""Killed at any moment under load: what was answered is there, what was erased is gone, nothing is half."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from regard.governance.audit import AuditLog
from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from tests import crashing, scenes
from tests.conftest import Server, start_server, stop_server

CLIENTS = 4
FACES = 2  # in the photo, one of each person
HAS_USERS = {"create_user", "associate_faces", "list_users"} <= OPERATIONS.keys()
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=30)  # a second attempt would hide what became


@dataclass
class Gallery:
    """What one client was told of one collection of its own.

    Of an operation that was under way at the kill, only what it would have changed is known.
    """

    name: str
    faces: dict[str, str] = field(default_factory=dict)  # face id → external image id
    erased: set[str] = field(default_factory=set)
    users: dict[str, set[str]] = field(default_factory=dict)  # user id → face ids
    enrolling: str | None = None
    erasing: list[str] = field(default_factory=list)
    associating: tuple[str, str] | None = None
    making: bool = False
    dropping: bool = False

    def free(self) -> list[str]:
        """Faces that no user holds."""
        held = set[str]().union(*self.users.values())
        return [face for face in self.faces if face not in held]


class Worker:
    """One client that works on collections of its own, one operation at a time, until the server is gone."""

    def __init__(self, number: int, seed: int, photo: bytes) -> None:
        self._number = number
        self._random = random.Random(f"{seed}/{number}")
        self._photo = photo
        self._made = 0
        self.galleries: list[Gallery] = []
        self.dropped: set[str] = set()
        self.answered = 0
        self.failure: BaseException | None = None

    def run(self, client: Any) -> None:
        try:
            while True:
                self._step(client)
                self.answered += 1
        except BotoCoreError:
            return  # the server was killed; what was under way is in the gallery
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.failure = error

    def _step(self, client: Any) -> None:
        choice = self._random.random()
        gallery = self._random.choice(self.galleries) if self.galleries else None
        if gallery is None or (choice < 0.05 and len(self.galleries) < 2):
            self._create(client)
        elif choice < 0.08:
            self._drop(client, gallery)
        elif choice < 0.38 and len(gallery.free()) > 2:
            self._erase(client, gallery)
        elif choice < 0.5 and HAS_USERS and gallery.free():
            self._associate(client, gallery)
        else:
            self._enrol(client, gallery)

    def _create(self, client: Any) -> None:
        self._made += 1
        gallery = Gallery(f"c{self._number}-{self._made}", making=True)
        self.galleries.append(gallery)
        client.create_collection(CollectionId=gallery.name)
        gallery.making = False

    def _drop(self, client: Any, gallery: Gallery) -> None:
        gallery.dropping = True
        client.delete_collection(CollectionId=gallery.name)
        self.galleries.remove(gallery)
        self.dropped.add(gallery.name)

    def _enrol(self, client: Any, gallery: Gallery) -> None:
        gallery.enrolling = f"{self._random.getrandbits(64):x}"
        answer = client.index_faces(
            CollectionId=gallery.name, Image={"Bytes": self._photo}, ExternalImageId=gallery.enrolling
        )
        assert len(answer["FaceRecords"]) == FACES
        for record in answer["FaceRecords"]:
            gallery.faces[record["Face"]["FaceId"]] = gallery.enrolling
        gallery.enrolling = None

    def _erase(self, client: Any, gallery: Gallery) -> None:
        gallery.erasing = self._random.sample(gallery.free(), self._random.randint(1, 2))
        answer = client.delete_faces(CollectionId=gallery.name, FaceIds=gallery.erasing)
        assert sorted(answer["DeletedFaces"]) == sorted(gallery.erasing)
        for face in gallery.erasing:
            del gallery.faces[face]
        gallery.erased |= set(gallery.erasing)
        gallery.erasing = []

    def _associate(self, client: Any, gallery: Gallery) -> None:
        user, face = f"u{self._random.getrandbits(64):x}", self._random.choice(gallery.free())
        gallery.associating = user, face
        client.create_user(CollectionId=gallery.name, UserId=user)
        gallery.users[user] = set()
        answer = client.associate_faces(CollectionId=gallery.name, UserId=user, FaceIds=[face])
        assert [one["FaceId"] for one in answer["AssociatedFaces"]] == [face]
        gallery.users[user] = {face}
        gallery.associating = None


def check(worker: Worker, client: Any) -> None:
    """Compares the server with what the worker was told, and settles what was under way at the kill."""
    if worker.failure is not None:
        raise worker.failure
    there = set(pages(client, "list_collections", "CollectionIds"))
    assert not worker.dropped & there, "a deleted collection is back"
    for gallery in list(worker.galleries):
        if gallery.name not in there:
            assert gallery.making or gallery.dropping, f"{gallery.name} is lost"
            worker.galleries.remove(gallery)
            if gallery.dropping:
                worker.dropped.add(gallery.name)
            continue
        gallery.making = gallery.dropping = False
        check_faces(gallery, client)
        if HAS_USERS:
            check_users(gallery, client)
        facts = client.describe_collection(CollectionId=gallery.name)
        assert facts["FaceCount"] == len(gallery.faces)
        if HAS_USERS:
            assert facts["UserCount"] == len(gallery.users)
        check_searches(gallery, client)


def check_faces(gallery: Gallery, client: Any) -> None:
    listed = pages(client, "list_faces", "Faces", CollectionId=gallery.name)
    there = {face["FaceId"]: face["ExternalImageId"] for face in listed}
    assert len(there) == len(listed)
    assert not gallery.erased & there.keys(), "an erased face is back"
    gone = gallery.faces.keys() - there.keys()
    assert gone in (set(), set(gallery.erasing)), "an acknowledged face is lost, or an erasure half done"
    new = {face: name for face, name in there.items() if face not in gallery.faces}
    assert set(new.values()) <= {gallery.enrolling}, "a face that nobody enrolled"
    assert len(new) in (0, FACES), "a picture is half enrolled"
    gallery.faces, gallery.enrolling = there, None
    gallery.erased |= gone
    gallery.erasing = []


def check_users(gallery: Gallery, client: Any) -> None:
    listed = {
        user["UserId"]: user["UserStatus"]
        for user in pages(client, "list_users", "Users", CollectionId=gallery.name)
    }
    under_way, face = gallery.associating or (None, None)
    assert gallery.users.keys() - listed.keys() == set(), "an acknowledged user is lost"
    assert listed.keys() - gallery.users.keys() <= {under_way}
    for user, status in listed.items():
        held = {
            one["FaceId"]
            for one in pages(client, "list_faces", "Faces", CollectionId=gallery.name, UserId=user)
        }
        told = gallery.users.get(user, set())
        assert held == told or (user == under_way and held == {face}), "an association is lost or half done"
        assert (status == "ACTIVE") == bool(held)
        gallery.users[user] = held
        if held:
            found = client.search_users(CollectionId=gallery.name, UserId=user, UserMatchThreshold=0)
            others = {match["User"]["UserId"] for match in found["UserMatches"]}
            assert others <= listed.keys()
    gallery.associating = None


def check_searches(gallery: Gallery, client: Any) -> None:
    """Every face is found, by a search for another of the same person; nothing else is."""
    found: set[str] = set()
    remaining = set(gallery.faces)
    while remaining:
        probe = remaining.pop()
        matches = client.search_faces(
            CollectionId=gallery.name, FaceId=probe, MaxFaces=4096, FaceMatchThreshold=99
        )["FaceMatches"]
        alike = {match["Face"]["FaceId"] for match in matches}
        assert alike <= gallery.faces.keys(), "an erased face is found"
        if len(alike) > 0:  # the probe itself is never among them: one of those must find it in turn
            back = client.search_faces(
                CollectionId=gallery.name, FaceId=min(alike), MaxFaces=4096, FaceMatchThreshold=99
            )["FaceMatches"]
            assert probe in {match["Face"]["FaceId"] for match in back}, "an acknowledged face is not found"
        found |= alike | {probe}
        remaining -= alike
    assert found == gallery.faces.keys()
    # Each photo shows two people, so that no more than two groups of faces are alike.


def pages(client: Any, operation: str, key: str, **params: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = getattr(client, operation)(**params, **token)
        found += page[key]
        if not page.get("NextToken"):
            return found
        token = {"NextToken": page["NextToken"]}


@pytest.fixture(scope="module")
def photo() -> bytes:
    """Two small heads, so that a request costs little more than it must."""
    image, _ = scenes.group([120, 120], width=320, height=160)
    return scenes.jpeg(image)


def survive(data: Path, photo: bytes, *, kills: int, environment: dict[str, str]) -> int:
    """Kills a server so many times, checks it after each, and answers how many operations it answered."""
    seed = int(os.environ.get("REGARD_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"REGARD_TEST_SEED={seed}")  # shown when the test fails, to make it fail again
    moments = random.Random(seed)
    workers = [Worker(number, seed, photo) for number in range(CLIENTS)]
    for _ in range(kills):
        server = start_server(data, environment=environment)
        try:
            load(server, workers, moments.uniform(0.05, 2.5))
        finally:
            server.process.kill()
            server.process.wait()
    server = start_server(data, environment=environment)
    try:
        for worker in workers:
            check(worker, server.client(config=ONCE))
    finally:
        stop_server(server)
    database = Database.open(data)
    try:
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        AuditLog(database).verify()
    finally:
        database.close()
    return sum(worker.answered for worker in workers)


def load(server: Server, workers: list[Worker], seconds: float) -> None:
    """Checks the server, works on it for so long, and kills it while every client is at work."""
    clients = [server.client(config=ONCE) for _ in workers]
    for worker, client in zip(workers, clients, strict=True):
        check(worker, client)
    threads = [
        threading.Thread(target=worker.run, args=(client,))
        for worker, client in zip(workers, clients, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()


# What the server is started with: each is a way of keeping indexes that must survive the same.
COMPRESSED = {"REGARD_INDEX_TAIL": "16"}  # a few faces fill a segment, which is compressed and kept on disk
ENVIRONMENTS = [pytest.param({}, id="defaults"), pytest.param(COMPRESSED, id="compressed")]


@pytest.mark.slow
def test_a_server_that_is_killed_under_load_keeps_what_it_answered(
    installed_pack: InstalledPack, tmp_path: Path, photo: bytes
) -> None:
    assert survive(tmp_path / "data", photo, kills=4, environment=COMPRESSED) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_fifty_kills_under_load_lose_nothing(
    installed_pack: InstalledPack, tmp_path: Path, photo: bytes, environment: dict[str, str]
) -> None:
    answered = survive(tmp_path / "data", photo, kills=50, environment=environment)
    print(f"{answered} operations were answered")
    assert answered > 100  # else nothing was under way at most of the kills


@dataclass
class Told:
    """What the killed processes said: each collection's faces by their images, and what was under way."""

    held: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    under_way: dict[str, Any] = field(default_factory=dict)

    def hear(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if "begin" in line:
                self.under_way = line
            else:
                self._settle(self.under_way, set(line["done"]))
                self.under_way = {}

    def _settle(self, operation: dict[str, Any], faces: set[str]) -> None:
        name = operation["name"]
        match operation["begin"]:
            case "create":
                self.held[name] = {}
            case "drop":
                del self.held[name]
                self.dropped.add(name)
            case "enrol":
                self.held[name][operation["image"]] = faces
            case "erase":
                self.erased |= set(operation["faces"])
                for held in self.held[name].values():
                    held -= self.erased

    def check(self, folder: Path) -> None:
        """Compares the stores with what was said, and settles what was under way."""
        database, collections, gallery = crashing.stores(folder)
        there = {found.collection_id: found for found in collections.page(after=0, limit=1000)}
        kind, name = self.under_way.get("begin"), self.under_way.get("name")
        if (kind == "create" and name in there) or (kind == "drop" and name not in there):
            self._settle(self.under_way, set())
        assert there.keys() == self.held.keys()
        for name, found in there.items():
            stored = {face.face_id: face for face in gallery.page(found, after=0, limit=10_000)}
            if name == self.under_way.get("name"):
                new = stored.keys() - set[str]().union(*self.held[name].values())
                gone = set(self.under_way.get("faces", ())) - stored.keys()
                assert len(new) in (0, crashing.FACES)
                assert gone in (set(), set(self.under_way.get("faces", ())))
                if new or gone:
                    self._settle(self.under_way, set(new))
            assert stored.keys() == set[str]().union(*self.held[name].values())
            assert found.face_count == len(stored)
            assert not self.erased & stored.keys()
            for image, faces in self.held[name].items():
                matches = [
                    gallery.search(found, face.vector, limit=1, radius=0.05)
                    for face in crashing.faces_of(image)
                ]
                assert {match.face.face_id for [match] in filter(None, matches)} == faces
        self.under_way = {}
        database.close()


@pytest.mark.slow
def test_stores_that_are_killed_twenty_times_keep_what_they_answered(tmp_path: Path) -> None:
    seed = int(os.environ.get("REGARD_TEST_SEED") or random.SystemRandom().getrandbits(16))
    print(f"REGARD_TEST_SEED={seed}")
    moments, told = random.Random(seed), Told()
    with crashing.Workers(tmp_path) as workers:
        for life in range(20):
            told.hear(workers.run(seed * 100 + life, moments.uniform(0, 0.4)))
            told.check(tmp_path)
    assert told.held
