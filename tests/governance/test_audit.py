"""The audit log on either database: one chain, whoever writes, and what breaks it is found."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from tests.postgres import Place
from tests.tampering import tamper
from tests.waiting import PATIENCE

from regard.errors import ThrottlingException
from regard.governance.audit import AuditLog
from regard.governance.chain import AuditBroken
from regard.storage.backend import Turn
from regard.storage.database import Database


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


@pytest.fixture
def log(database: Database) -> AuditLog:
    log = AuditLog(database)
    for n in range(5):
        log.append({"n": n, "who": "Zoë"})
    return log


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


def test_many_threads_of_two_processes_write_one_chain(place: Place) -> None:
    logs = [AuditLog(place.open()) for _ in range(2)]
    with ThreadPoolExecutor(16) as executor:
        heads = list(executor.map(lambda n: (n, logs[n % 2].append({"n": n})), range(200)))
    assert logs[0].verify().sequence == 200
    written = {record["sequence"]: record for record in logs[1].export()}
    for n, head in heads:  # everybody was told the place of their own record
        assert written[head.sequence]["n"] == n
        assert written[head.sequence]["hash"] == head.hash


@contextmanager
def commits(database: Database) -> Iterator[list[Any]]:
    """Counts the commits of a database."""
    seen: list[Any] = []
    count = seen.append
    event.listen(database.engine, "commit", count)
    yield seen
    event.remove(database.engine, "commit", count)


def append_in_threads(log: AuditLog, count: int) -> list[threading.Thread]:
    """Threads that each wait to append a record, all in the queue when this returns."""
    threads = [threading.Thread(target=log.append, args=({"n": n},)) for n in range(count)]
    for thread in threads:
        thread.start()
    while len(log._waiting) < count - 1:  # one of them waits for the database itself
        time.sleep(0.001)
    return threads


def test_records_that_wait_share_one_commit(place: Place, database: Database) -> None:
    log = AuditLog(database)
    with commits(database) as seen:
        with place.open().write(turn=Turn.AUDIT):
            threads = append_in_threads(log, 12)
        for thread in threads:
            thread.join()
        assert len(seen) == 2  # the first one's, and that of the eleven who came meanwhile
    assert log.verify().sequence == 12


def test_a_record_that_could_not_be_written_is_nobodys_success(place: Place) -> None:
    log = AuditLog(place.open(busy_seconds=0.3))
    with place.open().write(turn=Turn.AUDIT), ThreadPoolExecutor(8) as executor:
        answers = [executor.submit(log.append, {"n": n}) for n in range(8)]
        for answer in answers:
            with pytest.raises(ThrottlingException):
                answer.result()
    assert log.verify().sequence == 0
    assert log.append({"n": 8}).sequence == 1


def test_a_record_that_is_no_text_fails_alone(log: AuditLog) -> None:
    with pytest.raises(UnicodeEncodeError):
        log.append({"who": "\ud800"})
    assert log.append({"who": "Zoë"}).sequence == 6


def test_one_who_is_interrupted_while_waiting_holds_up_nobody(place: Place, database: Database) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: Any) -> None:
        raise Interrupted

    log = AuditLog(database)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with place.open().write(turn=Turn.AUDIT):
            first = append_in_threads(log, 1)
            while not log._writing or log._waiting:
                time.sleep(0.001)
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(Interrupted):
                log.append({"n": "interrupted"})
            threads = first + append_in_threads(log, 4)
    finally:
        signal.signal(signal.SIGUSR1, before)
    for thread in threads:
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive()
    assert log.verify().sequence == 5
