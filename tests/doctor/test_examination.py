"""What `regard doctor` finds, each made for real."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import update

from regard.caller import Caller
from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.snapshot import Identity, SnapshotFolder
from regard.collections.workers import Workers
from regard.doctor.examination import examine
from regard.doctor.symptom import Health, Symptom
from regard.governance.audit import AuditLog
from regard.governance.keys import KeyStore
from regard.jobs.records import NewJob
from regard.jobs.store import JobStore
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import jobs
from regard.storage.schema_state import alembic_config
from regard.storage.sqlite import FILE
from regard.wire.certificates import LocalAuthority
from tests.collections.gallery_data import people
from tests.commands import run_regard_text
from tests.conftest import Server
from tests.postgres import PASSWORD

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - it is what is tested
Looking = Callable[..., dict[str, list[Symptom]]]


@pytest.fixture
def data(installed_pack: InstalledPack, tmp_path: Path) -> Path:
    """The data folder of an installation that a server has used."""
    folder = tmp_path / "data"
    with closing(Database.open(folder)) as database:
        KeyStore(database).ensure_admin(folder / "credentials", "us-east-1")
    return folder


@pytest.fixture
def find(data: Path) -> Looking:
    """Examines it, quickly unless told otherwise; what is found by part."""

    def find(*, quick: bool = True, **settings: Any) -> dict[str, list[Symptom]]:
        port = {"port": 0} | settings
        found: dict[str, list[Symptom]] = {}
        for symptom in examine(Settings.load({}, **({"data": data} | port)), quick=quick):
            found.setdefault(symptom.part, []).append(symptom)
        return found

    return find


def of(found: dict[str, list[Symptom]], part: str) -> tuple[Health, str]:
    """The worst of a part, and what was said of it."""
    order = [Health.OK, Health.WARNING, Health.FAULT]
    worst = max(found[part], key=lambda one: order.index(one.health))
    assert worst.advice or worst.health is Health.OK
    return worst.health, worst.said


def test_nothing_is_a_fault_where_a_server_has_run(find: Looking) -> None:
    found = find()
    assert [one for each in found.values() for one in each if one.health is Health.FAULT] == []
    assert {
        "settings",
        "memory",
        "disk",
        "fsync",
        "clock",
        "keys",
        "database",
        "schema",
        "durability",
    } <= set(found)
    assert {"models", "runtime", "liveness", "bucket", "indexes", "jobs", "streams", "audit log"} <= set(
        found
    )


def test_before_the_first_start_nothing_is_a_fault_and_nothing_is_made(find: Looking, tmp_path: Path) -> None:
    found = find(data=tmp_path / "new" / "data")
    missing = [one for each in found.values() for one in each if one.health is Health.NOT_YET]
    assert [(one.part, str(tmp_path / "new" / "data") in one.said) for one in missing] == [
        ("database", True),
        ("disk", True),
    ]
    assert Health.FAULT not in {one.health for each in found.values() for one in each}
    assert not (tmp_path / "new").exists()


def test_a_data_folder_that_can_not_be_made_is_a_fault(find: Looking, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert of(find(data=tmp_path / "file"), "disk")[0] is Health.FAULT


@pytest.mark.parametrize("left", ["credentials", "encryption.key"])
def test_a_folder_that_has_lost_its_database_is_a_fault(find: Looking, data: Path, left: str) -> None:
    for file in data.glob("*"):
        file.unlink()
    (data / left).touch(mode=0o600)
    health, said = of(find(), "database")
    assert (health, f"has {left} of a server" in said) == (Health.FAULT, True)


def test_where_a_server_answers_another_folder_than_its_own_is_a_fault(
    find: Looking, server: Server, tmp_path: Path
) -> None:
    port = int(server.endpoint.rpartition(":")[2])
    health, said = of(find(data=tmp_path / "other", port=port), "database")
    assert (health, "its data are elsewhere" in said) == (Health.FAULT, True)


def test_a_variable_that_is_no_setting_is_warned_of_without_its_value(data: Path) -> None:
    environ = {"REGARD_WORKRS": "31337", "REGARD_DATABASE_FILE": "database", "HOME": "here"}
    told = [
        (one.health, one.said, one.advice)
        for one in examine(Settings.load({}, data=data, port=0), environ=environ, quick=True)
        if one.part == "settings" and one.health is not Health.OK
    ]
    said = "REGARD_WORKRS is no setting, and nothing reads it."
    assert told == [(Health.WARNING, said, "REGARD_WORKERS is one.")]


def test_indexes_that_may_fill_more_than_there_is_are_a_fault(find: Looking) -> None:
    assert of(find(index_memory=10_000_000), "memory")[0] is Health.FAULT


@pytest.mark.skipif(not os.access(IN_MEMORY, os.W_OK), reason="there is no folder in memory")
def test_a_data_folder_in_memory_is_warned_of(find: Looking) -> None:
    folder = IN_MEMORY / f"regard-doctor-{os.getpid()}"
    try:
        Database.open(folder).close()
        assert of(find(data=folder), "file system")[0] is Health.WARNING
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_log_that_is_ahead_of_the_clock_is_a_fault(find: Looking, data: Path) -> None:
    with closing(Database.open(data)) as database:
        later = datetime.now(UTC) + timedelta(hours=2)
        AuditLog(database).append({"time": later.isoformat(), "operation": "x"})
    health, said = of(find(), "clock")
    assert (health, "in the future" in said) == (Health.FAULT, True)


def test_a_port_that_another_program_has_is_a_fault_and_a_free_one_is_not(find: Looking) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.close()
        assert of(find(port=port), "port")[0] is Health.OK
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert of(find(port=other.getsockname()[1]), "port")[0] is Health.FAULT


@pytest.mark.parametrize(("days", "health"), [(900, Health.FAULT), (810, Health.WARNING), (1, Health.OK)])
def test_a_certificate_is_judged_by_what_it_has_left(
    find: Looking, data: Path, days: int, health: Health
) -> None:
    LocalAuthority.of(data).make(["localhost"], now=datetime.now(UTC) - timedelta(days=days))
    assert of(find(), "certificate")[0] is health


def test_a_public_address_whose_certificate_nobody_believes_is_a_fault(find: Looking, tmp_path: Path) -> None:
    authority = LocalAuthority.of(tmp_path)
    authority.make(["localhost"])
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            authority.files.context().wrap_socket(listener.accept()[0], server_side=True).close()
        except (OSError, ssl.SSLError):
            return

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    health, said = of(find(public_url=f"https://localhost:{port}"), "public address")
    listener.close()
    assert (health, "not believed" in said) == (Health.FAULT, True)
    assert of(find(public_url=f"https://localhost:{port}"), "public address")[0] is Health.WARNING


def test_secrets_that_others_may_read_are_a_fault_by_name(find: Looking, data: Path) -> None:
    (data / "credentials").chmod(0o644)
    health, said = of(find(), "keys")
    assert (health, "credentials" in said) == (Health.FAULT, True)


def test_a_damaged_database_is_a_fault(find: Looking, data: Path) -> None:
    content = bytearray((data / FILE).read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 16 * 4096] = os.urandom(16 * 4096)
    (data / FILE).write_bytes(content)
    found = find(quick=False)
    assert Health.FAULT in {of(found, part)[0] for part in ("integrity", "database") if part in found}


@pytest.mark.slow
def test_a_schema_that_waits_is_warned_of_and_not_touched(find: Looking, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    database = Database.open(folder)
    config = alembic_config()
    database.close()
    (folder / FILE).unlink()
    database = Database.open(folder, migrate=False)
    with database._backend.migration() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0027")
    database.close()
    for _ in range(2):
        health, said = of(find(data=folder), "schema")
        assert (health, "0027" in said) == (Health.WARNING, True)
    done = run_regard_text("database", "status", "--data", folder)
    assert "0027" in done.stdout
    assert "0027" in run_regard_text("database", "upgrade", "--data", folder).stdout
    assert of(find(data=folder), "schema")[0] is Health.OK


def test_a_newer_schema_is_a_fault_that_says_what_to_do(find: Looking, data: Path) -> None:
    with closing(Database.open(data)) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    found = find()
    assert of(found, "schema")[0] is Health.FAULT
    assert "Install" in found["schema"][0].advice
    done = run_regard_text("database", "status", "--data", data, code=1)
    assert "newer version of Regard" in done.stderr
    assert "9999" in run_regard_text("serve", "--data", data, "--port", 0, code=1).stderr


def test_a_pack_that_is_missing_or_changed_is_a_fault(
    find: Looking, installed_pack: InstalledPack, tmp_path: Path
) -> None:
    assert of(find(models=tmp_path / "none"), "models")[0] is Health.FAULT
    copy = tmp_path / "models" / installed_pack.folder.name
    copy.mkdir(parents=True)
    smallest = min(installed_pack.files.values(), key=lambda one: one.size).path
    for file in installed_pack.folder.iterdir():
        (copy / file.name).symlink_to(file)
    (copy / smallest.name).unlink()
    content = bytearray(smallest.read_bytes())
    content[-1] ^= 1
    (copy / smallest.name).write_bytes(content)
    assert of(find(models=tmp_path / "models"), "models")[0] is Health.OK, "only its size is looked at"
    assert of(find(models=tmp_path / "models", quick=False), "models")[0] is Health.FAULT


def test_a_bucket_that_is_gone_and_an_s3_that_is_away_are_faults(find: Looking, tmp_path: Path) -> None:
    health, said = of(find(buckets=f"photos={tmp_path / 'gone'}"), "bucket")
    assert (health, "photos" in said) == (Health.FAULT, True)
    assert of(find(s3_endpoint="http://127.0.0.1:9"), "bucket")[0] is Health.FAULT


@pytest.mark.slow
def test_an_s3_that_answers_is_well(find: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    amazon = ThreadedMotoServer(port=0, verbose=False)
    amazon.start()
    try:
        endpoint = "http://{}:{}".format(*amazon.get_host_and_port())
        assert of(find(s3_endpoint=endpoint), "bucket")[0] is Health.OK
    finally:
        amazon.stop()


def test_an_index_that_was_changed_is_warned_of(find: Looking, data: Path) -> None:
    with closing(Database.open(data)) as database, database.read() as connection:
        incarnation = str(
            connection.exec_driver_sql("SELECT value FROM facts WHERE name = 'incarnation'").scalar()
        )
    folder = data / "index" / "1-faces"
    identity = Identity(incarnation, 1, "faces", "2.0", 32)
    store = SnapshotFolder(folder, identity)
    index = FastScanIndex(32, Workers(1), sizes=Sizes(tail=64, segment=1024), store=store)
    index.add(np.arange(1, 1001), people(1000, 32))
    index.close()
    store.close()
    assert of(find(quick=False), "indexes")[0] is Health.OK
    segment = next(folder.glob("*.segment"))
    content = bytearray(segment.read_bytes())
    content[-5000] ^= 0xFF
    segment.write_bytes(content)
    assert of(find(quick=False), "indexes")[0] is Health.WARNING


def test_jobs_that_nobody_takes_are_warned_of(find: Looking, data: Path) -> None:
    with closing(Database.open(data)) as database:
        caller = Caller("AKIA", "name", "admin")
        store = JobStore(database, limit=5, days=1)
        store.start(NewJob("start_face_detection", {}, "r", caller))
        assert of(find(), "jobs")[0] is Health.OK, "it may be taken yet"
        with database.write() as connection:
            connection.execute(update(jobs).values(created=milliseconds() - 600_000))
    health, said = of(find(), "jobs")
    assert (health, "10 minutes" in said) == (Health.WARNING, True)


def test_no_secret_is_printed_of_a_postgresql(find: Looking, data: Path, postgres_url: str) -> None:
    Database.open(data, postgres_url).close()
    secrets = {"metrics_token": "token-of-mine", "webhook_secret": "secret-of-mine"}
    found = find(database=postgres_url, s3_endpoint="http://user:passing@127.0.0.1:9", **secrets)
    assert of(found, "durability")[1].startswith("PostgreSQL")
    assert "database's" in of(found, "clock")[1]
    printed = repr(found)
    for secret in (PASSWORD, "passing", *secrets.values()):
        assert secret not in printed


def test_the_command_prints_a_line_for_each_part_or_json_and_ends_with_1_for_a_fault(data: Path) -> None:
    environment = {"REGARD_PORT": "0", "REGARD_DATA": str(data)}
    well = run_regard_text("doctor", "--quick", environment=environment)
    assert [line.split()[0] for line in well.stdout.splitlines() if line[0] != " "].count("fault") == 0
    (data / "credentials").chmod(0o640)
    told = json.loads(run_regard_text("doctor", "--quick", "--json", environment=environment, code=1).stdout)
    assert told["Health"] == "fault"
    [keys] = [one for one in told["Symptoms"] if one["Part"] == "keys"]
    assert keys["Advice"].startswith("chmod 600 ")
