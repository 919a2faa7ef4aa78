from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from regard.governance.audit import AuditBroken, AuditLog
from regard.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path)


@pytest.fixture
def log(database: Database) -> AuditLog:
    log = AuditLog(database)
    for n in range(5):
        log.append({"n": n, "who": "Zoë"})
    return log


def tamper(database: Database, statement: str) -> None:
    with database.write() as connection:
        connection.execute(text(statement))


def test_an_untouched_log_verifies(log: AuditLog) -> None:
    assert log.verify().sequence == 5
    assert [record["n"] for record in log.export()] == [0, 1, 2, 3, 4]


def test_an_empty_log_verifies(database: Database) -> None:
    assert AuditLog(database).verify().sequence == 0


def test_a_changed_record_is_found(database: Database, log: AuditLog) -> None:
    tamper(database, "update audit set record = replace(record, 'Zoë', 'Zoe') where sequence = 3")
    with pytest.raises(AuditBroken, match="record 3 was changed"):
        log.verify()


def test_a_record_changed_with_its_hash_breaks_the_next(database: Database, log: AuditLog) -> None:
    other = AuditLog(database)
    tamper(database, "update audit set hash = replace(hash, substr(hash, 1, 1), 'x') where sequence = 2")
    with pytest.raises(AuditBroken):
        other.verify()


def test_a_removed_record_is_found(database: Database, log: AuditLog) -> None:
    tamper(database, "delete from audit where sequence = 2")
    with pytest.raises(AuditBroken, match="record 2 is missing"):
        log.verify()


def test_renumbering_does_not_hide_a_removal(database: Database, log: AuditLog) -> None:
    tamper(database, "delete from audit where sequence = 2")
    tamper(database, "update audit set sequence = sequence - 1 where sequence > 2")
    with pytest.raises(AuditBroken, match="record 2 was changed"):
        log.verify()


def test_an_exported_log_can_be_checked_without_regard(log: AuditLog) -> None:
    import hashlib
    import json

    link = "0" * 64
    for record in log.export():
        claimed = record.pop("hash")
        record.pop("sequence")
        body = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        link = hashlib.sha256(f"{link}\n{body}".encode()).hexdigest()
        assert claimed == link


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    logs = [AuditLog(Database.open(tmp_path)) for _ in range(2)]

    def write(log: AuditLog) -> None:
        for n in range(25):
            log.append({"n": n})

    threads = [threading.Thread(target=write, args=(log,)) for log in logs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs[0].verify().sequence == 100
