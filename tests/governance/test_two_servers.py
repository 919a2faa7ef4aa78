"""Two servers on one database, each with a data folder of its own: what one decides holds on the other."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import Cluster
from tests.reviewing import ReviewOffice
from tests.video.analyses import operations
from tests.video.jobs.asking import FOREVER
from tests.video.jobs.bureau import FOUND, Bureau
from tests.video.jobs.test_authorized import sleep_in_step

from regard.app import Parts, build, declared_operations
from regard.caller import LOCAL
from regard.context import silent
from regard.errors import RegardError
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations import Operation
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.key_claims import KeyClaims


@dataclass
class Pair:
    """Two servers; `table` are the operations of the second, whose analyses are scripts in `films`."""

    one: Parts
    two: Parts
    table: dict[str, Operation]
    films: Path

    def broken(self) -> list[Any]:
        """What the log and the tables show to be against the rules."""
        asked = {"Operations": declared_operations(), "Known": None}
        found = self.two.gate.call("check_audit_rules", asked, LOCAL, report=silent)
        return [*found["Violations"], *found["Unexplained"]]


@pytest.fixture(scope="module")
def pair(
    installed_pack: InstalledPack, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    url, folder, table = cluster.make_database(), tmp_path_factory.mktemp("pair"), operations()
    for name in ("keys", "films"):
        (folder / name).mkdir()
    servers = [
        build(
            Settings.load(
                {},
                data=folder / name,
                database=url,
                key_folder=folder / "keys",
                buckets=f"videos={folder / 'films'}",
            ),
            operations=table,
        )
        for name in ("one", "two")
    ]
    yield Pair(*servers, table, folder / "films")
    for server in servers:
        server.close()
    cluster.drop_database(url)


@pytest.fixture
def office(pair: Pair) -> Iterator[ReviewOffice]:
    made = ReviewOffice(pair.one)
    yield made
    made.parts = pair.one
    made.close()


def test_who_was_found_by_one_is_rated_on_the_other_and_shown_by_the_first(
    pair: Pair, office: ReviewOffice, portrait: Path, other_portrait: Path
) -> None:
    office.gallery(other_portrait, portrait)
    review = office.review_of(office.search(portrait))
    office.parts = pair.two
    office.rate("rita", 3)  # with a second factor, and pictures, that the first has encrypted
    office.rate("rolf", 2)
    office.parts = pair.one
    [match] = office.search(portrait).body["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "1-astronaut"
    assert office.status(review) == "LEAD"
    assert pair.broken() == []


def test_what_is_erased_on_one_is_gone_from_the_other(
    pair: Pair, office: ReviewOffice, portrait: Path
) -> None:
    office.gallery(portrait)
    second = office.enrol(portrait, "again")
    office.lead(portrait)
    assert len(office.search(portrait).body["FaceMatches"]) == 2
    office.parts = pair.two
    office.call("erase_faces", office.otto, CollectionId="wanted", FaceIds=[second], Reason="on request")
    for server in (pair.one, pair.two):
        office.parts = server
        [match] = office.search(portrait).body["FaceMatches"]
        assert match["Face"]["FaceId"] != second
    assert pair.broken() == []


def test_a_job_that_one_runs_ends_when_the_other_revokes_its_authorization(
    pair: Pair, office: ReviewOffice
) -> None:
    office.call("create_collection", CollectionId="c", Tags={"regard:purpose": "law-enforcement"})
    leases = JobLeases(pair.two.stores.jobs, seconds=60, attempts=3)
    worker = Worker(pair.two.stores.jobs, leases, lambda: pair.two.gate, lease_seconds=60)
    bureau = Bureau(office, pair.one, worker, office.ines, office.approver(), office.case_id)
    authorization = bureau.authorized()
    (pair.films / "a.mp4").write_text(json.dumps({"persons": FOUND, "steps": 3}))
    job_id = bureau.start({"S3Object": {"Bucket": "videos", "Name": "a.mp4"}})
    asleep, awake = threading.Event(), threading.Event()
    sleep_in_step(pair.table, 1, asleep, awake)
    running = threading.Thread(target=worker.run_one, args=(FOREVER,))
    running.start()
    assert asleep.wait(60)
    office.call("revoke_authorization", bureau.anna, AuthorizationId=authorization, Reason="enough")
    awake.set()
    running.join()
    job = bureau.job(job_id)
    assert (job.status, bureau.kept(job_id)) == ("FAILED", 0)
    assert pair.broken() == []


# --- their keys ------------------------------------------------------------------------------------------


@dataclass
class Shared:
    """A database that servers share, and folders of theirs."""

    url: str
    folder: Path
    opened: list[Database] = field(default_factory=list)

    def database(self, name: str) -> Database:
        self.opened.append(Database.open(self.folder / name, self.url))
        return self.opened[-1]

    def cipher(self, name: str) -> Cipher:
        return Cipher(self.folder / name, self.database(name))

    def start(self, name: str, **settings: Any) -> None:
        chosen = Settings.load({}, data=self.folder / name, database=self.url, **settings)
        build(chosen, has_models=False).close()


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Shared]:
    made = Shared(postgres_url, tmp_path)
    yield made
    for database in made.opened:
        database.close()


def test_servers_whose_database_keeps_nothing_encrypted_need_no_key(shared: Shared) -> None:
    for name in ("one", "two"):
        shared.start(name)
        assert not (shared.folder / name / "encryption.key").exists()


def test_a_server_without_the_key_that_the_database_was_encrypted_with_does_not_start(shared: Shared) -> None:
    shared.cipher("one").encrypt(b"secret", "it")
    shared.start("one")
    with pytest.raises(RegardError, match=r"another encryption\.key than this server's"):
        shared.start("two")


def test_a_server_with_another_key_does_not_start_and_one_with_a_copy_does(shared: Shared) -> None:
    shared.cipher("one").encrypt(b"secret", "it")
    theirs = shared.folder / "two" / "encryption.key"
    shared.cipher("two")
    theirs.write_bytes(b"k" * 32)
    with pytest.raises(RegardError, match="REGARD_KEY_FOLDER"):
        shared.start("two")
    shutil.copy(shared.folder / "one" / "encryption.key", theirs)
    shared.start("two")


def test_a_folder_of_keys_that_servers_share_is_used_by_both(shared: Shared) -> None:
    keys = shared.folder / "keys"
    keys.mkdir()
    encrypted = shared.cipher("keys").encrypt(b"secret", "it")
    for name in ("one", "two"):
        shared.start(name, key_folder=keys)
    assert shared.cipher("keys").decrypt(encrypted, "it") == b"secret"
    assert not (shared.folder / "two" / "encryption.key").exists()


def test_of_two_servers_that_encrypt_for_the_first_time_the_second_is_told_and_makes_no_key(
    shared: Shared,
) -> None:
    first, second = shared.cipher("one"), shared.cipher("two")
    first.encrypt(b"secret", "it")
    with pytest.raises(RegardError, match="Copy the file from a server that has it"):
        second.encrypt(b"secret", "it")
    assert not (shared.folder / "two" / "encryption.key").exists()


def test_a_folder_of_keys_that_there_is_not_is_named(tmp_path: Path) -> None:
    chosen = Settings.load({}, data=tmp_path / "data", key_folder=tmp_path / "none")
    with pytest.raises(RegardError, match="There is no folder .*none"):
        build(chosen, has_models=False)


def test_a_database_that_was_restored_takes_the_key_that_is_there(shared: Shared) -> None:
    shared.cipher("one").encrypt(b"secret", "it")
    KeyClaims(shared.database("one")).forget()
    shared.cipher("two").encrypt(b"other", "it")
    shared.start("two")
