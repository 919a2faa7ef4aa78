"""Finished days of the audit log are sealed once, whole, and signed."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.governance.proof.conftest import DAY, MONDAY
from tests.postgres import Place
from tests.tampering import tamper

from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.governance.chain import AuditBroken
from regard.governance.proof.day import NO_ROOT
from regard.governance.proof.merkle import BLOCK, leaf_hash, root, root_by_path
from regard.governance.proof.seals import NEW_KEY, SEAL, Seals
from regard.governance.proof.signing_key import FILE
from regard.storage.database import Database


def record(log: AuditLog, at: datetime, **facts: Any) -> None:
    log.append({"time": at.isoformat(timespec="milliseconds"), **facts})


def hashes(log: AuditLog, first: int, last: int) -> list[bytes]:
    return [bytes.fromhex(one["hash"]) for one in log.export() if first <= one["sequence"] <= last]


def test_a_finished_day_has_the_signed_root_of_its_record_hashes(log: AuditLog, seals: Seals) -> None:
    for hour in range(5):
        record(log, MONDAY + timedelta(hours=hour))
    record(log, MONDAY + DAY)
    [day] = seals.seal_due(MONDAY + DAY + timedelta(hours=1))
    assert (day.day, day.first, day.last, day.previous) == ("2026-11-23", 1, 5, NO_ROOT)
    assert day.root == root([leaf_hash(one) for one in hashes(log, 1, 5)]).hex()
    assert day.is_signed()
    assert seals.newest() == day


def test_the_day_that_goes_on_is_not_sealed(log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    assert seals.seal_due(MONDAY + timedelta(hours=23, minutes=59)) == []


def test_an_empty_log_has_nothing_to_seal(seals: Seals) -> None:
    assert seals.seal_due(MONDAY) == []


def test_the_seal_is_in_the_log_with_the_key_that_signs_from_now_on(log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    [day] = seals.seal_due(MONDAY + DAY)
    _, new_key, seal = log.export()
    assert (new_key["operation"], new_key["subject"]) == (NEW_KEY, day.public_key)
    assert (seal["operation"], seal["subject"], seal["root"]) == (SEAL, day.day, day.root)
    assert seal["time"].startswith("2026-11-24")


def test_a_sealing_that_runs_late_seals_all_days_that_are_owed(log: AuditLog, seals: Seals) -> None:
    for days in (0, 1, 1, 4):
        record(log, MONDAY + days * DAY)
    sealed = seals.seal_due(MONDAY + 9 * DAY)
    assert [(one.day, one.first, one.last) for one in sealed] == [
        ("2026-11-23", 1, 1), ("2026-11-24", 2, 3), ("2026-11-27", 4, 4),
    ]  # fmt: skip
    assert [one.previous for one in sealed] == [NO_ROOT, sealed[0].root, sealed[1].root]
    assert seals.seal_due(MONDAY + 9 * DAY) == []


def test_what_the_sealing_wrote_is_of_the_day_on_which_it_ran(log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    seals.seal_due(MONDAY + DAY)
    [tuesday] = seals.seal_due(MONDAY + 2 * DAY)
    assert (tuesday.day, tuesday.first, tuesday.last) == ("2026-11-24", 2, 3)


def test_a_record_of_a_request_that_began_before_the_seal_is_of_the_next_day(
    log: AuditLog, seals: Seals
) -> None:
    record(log, MONDAY)
    seals.seal_due(MONDAY + DAY)
    record(log, MONDAY + timedelta(hours=23))  # its answer took until after midnight
    [tuesday] = seals.seal_due(MONDAY + 2 * DAY)
    assert (tuesday.day, tuesday.last) == ("2026-11-24", 4)


def test_a_clock_that_jumped_ahead_holds_up_no_seal(log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    record(log, MONDAY + 20_000 * DAY)
    record(log, MONDAY)
    assert [one.last for one in seals.seal_due(MONDAY + DAY)] == [3]
    record(log, MONDAY + 20_000 * DAY)
    assert [one.last for one in seals.seal_due(MONDAY + 2 * DAY)] == [6]


def test_two_servers_that_seal_at_once_make_one_seal_a_day(place: Place, log: AuditLog) -> None:
    for days in range(4):
        record(log, MONDAY + days * DAY)

    def seal(_: int) -> int:
        database = place.open()
        return len(Seals(database, AuditLog(database), place.folder).seal_due(MONDAY + 4 * DAY))

    with ThreadPoolExecutor(4) as executor:
        assert sum(executor.map(seal, range(4))) == 4
    assert log.verify().sequence == 4 + 4 + 1  # the records, the seals, and the key


def test_a_log_that_is_broken_is_not_sealed(database: Database, log: AuditLog, seals: Seals) -> None:
    for _ in range(3):
        record(log, MONDAY)
    tamper(database, "update audit set record = replace(record, 'time', 'Time') where sequence = 2")
    with pytest.raises(AuditBroken, match="record 2 was changed"):
        seals.seal_due(MONDAY + DAY)


def test_another_key_is_told_in_the_log(place: Place, log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    [monday] = seals.seal_due(MONDAY + DAY)
    (place.folder / FILE).rename(place.folder / "elsewhere.key")
    [tuesday] = seals.seal_due(MONDAY + 2 * DAY)
    told = [one for one in log.export() if one.get("operation") == NEW_KEY]
    assert [(one["subject"], one["replaced"]) for one in told] == [
        (monday.public_key, None), (tuesday.public_key, monday.public_key),
    ]  # fmt: skip


def test_the_key_is_its_owner_s_alone_and_not_in_the_database(
    place: Place, log: AuditLog, seals: Seals
) -> None:
    record(log, MONDAY)
    seals.seal_due(MONDAY + DAY)
    file = place.folder / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    if place.url is None:
        assert file.read_text().splitlines()[1].encode() not in (place.folder / "regard.db").read_bytes()


def test_a_key_file_that_is_none_is_refused_and_kept(place: Place, log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    (place.folder / FILE).write_text("nothing")
    with pytest.raises(RegardError, match="is no Ed25519 key"):
        seals.seal_due(MONDAY + DAY)
    assert (place.folder / FILE).read_text() == "nothing"


def test_a_record_s_path_leads_to_the_root_of_its_day(
    database: Database, log: AuditLog, seals: Seals
) -> None:
    size = 2 * BLOCK + 5
    write_many(database, size)
    [day] = seals.seal_due(MONDAY + DAY)
    leaves = [leaf_hash(one) for one in hashes(log, 1, size)]
    for sequence in (1, 2, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, size):
        assert seals.of(sequence) == day
        path = seals.path(day, sequence)
        assert root_by_path(leaves[sequence - 1], sequence - 1, size, path) == bytes.fromhex(day.root)
    assert seals.of(size + 1) is None


def write_many(database: Database, count: int) -> None:
    log = AuditLog(database)
    with database.write() as connection:
        times = [(MONDAY + timedelta(milliseconds=n)).isoformat() for n in range(count)]
        log.append_within(connection, *({"time": time} for time in times))


@pytest.mark.parametrize("table", ["audit", "audit_days"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_the_database_refuses_to_change_or_remove_what_was_written(
    database: Database, log: AuditLog, seals: Seals, table: str, act: str
) -> None:
    record(log, MONDAY)
    seals.seal_due(MONDAY + DAY)
    column = {"audit": "record", "audit_days": "root"}[table]
    refused = pytest.raises(DBAPIError, match=f"rows of {table} are never changed or removed")
    with refused, database.write() as connection:
        connection.execute(text(act.format(table, column, column)))


def test_the_record_of_a_seal_says_all_that_is_published(log: AuditLog, seals: Seals) -> None:
    record(log, MONDAY)
    [day] = seals.seal_due(MONDAY + DAY)
    seal = list(log.export())[-1]
    assert json.loads(json.dumps(seal))["signature"] == day.signature
