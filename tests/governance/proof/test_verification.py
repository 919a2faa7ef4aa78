"""Whatever is changed of the log or of its seals is found, on either database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.governance.proof.conftest import DAY, MONDAY, Write
from tests.postgres import Place
from tests.tampering import rechain, tamper

from regard.governance.audit import AuditLog
from regard.governance.chain import AuditBroken
from regard.governance.proof.day import signed_text
from regard.governance.proof.merkle import leaf_hash, root
from regard.governance.proof.seals import Seals
from regard.governance.proof.signing_key import signing_key
from regard.governance.proof.verification import verify_log
from regard.storage.database import Database
from regard.storage.schema import audit_days

SEALED = 3  # days
RECORDS = 4  # of each


@pytest.fixture(autouse=True)
def written(log: AuditLog, seals: Seals, write: Write) -> None:
    """Three sealed days, each sealed on the next, and the beginning of a fourth."""
    for day in range(SEALED + 1):
        for hour in range(1, RECORDS + 1):
            write(MONDAY + day * DAY + timedelta(hours=hour), n=hour)
        seals.seal_due(MONDAY + (day + 1) * DAY if day < SEALED else MONDAY + day * DAY)


def test_an_untouched_log_and_its_seals_fit(log: AuditLog, seals: Seals) -> None:
    found = verify_log(log, seals)
    assert (found.head, found.days) == (log.newest(), SEALED)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "update audit set record = replace(record, '\"n\"', '\"m\"') where sequence = 2",
            "record 2 was",
        ),
        ("delete from audit where sequence = 3", "record 3 is missing"),
        ("delete from audit where sequence > 6", "2026-11-24 was sealed .* the log ends at 6"),
        ("update audit_days set root = previous where day = '2026-11-24'", "root of 2026-11-24 is not that"),
        ("update audit_days set previous = root where day = '2026-11-24'", "2026-11-24 does not follow"),
        ("update audit_days set signature = replace(signature, '0', '1')", "signature of 2026-11-23"),
        ("update audit_days set last = last - 1 where day = '2026-11-24'", "root of 2026-11-24 is not that"),
        ("update audit_days set last = first - 1 where day = '2026-11-24'", "2026-11-24 does not begin"),
        ("delete from audit_days where day = '2026-11-23'", "2026-11-24 does not begin"),
        ("delete from audit_days where day = '2026-11-25'", "seal of 2026-11-25 is not the one"),
    ],
)
def test_what_was_changed_is_named(
    database: Database, log: AuditLog, seals: Seals, statement: str, problem: str
) -> None:
    tamper(database, statement)
    with pytest.raises(AuditBroken, match=problem):
        verify_log(log, seals)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set record = replace(record, '\"n\"', '\"m\"') where sequence = 2",
        "delete from audit where sequence = 2; update audit set sequence = sequence - 1 where sequence > 2",
    ],
)
def test_a_log_that_was_chained_anew_does_not_fit_its_seals(
    database: Database, log: AuditLog, seals: Seals, statement: str
) -> None:
    tamper(database, *statement.split(";"))
    rechain(database)
    assert log.verify()
    with pytest.raises(AuditBroken, match="root of 2026-11-23 is not that of its records"):
        verify_log(log, seals)


def test_a_day_that_was_sealed_anew_is_not_the_one_that_the_log_tells_of(
    place: Place, database: Database, log: AuditLog, seals: Seals
) -> None:
    """Whoever has the disk has the key, too; the record of the old seal is of a later day."""
    day = seals.on("2026-11-25")
    assert day is not None
    key = signing_key(place.folder)
    tamper(database)  # drops the triggers
    other = day.last - 1
    made = root_of(log, day.first, other)
    signed = key.sign(signed_text(day.day, day.first, other, made.hex(), day.previous)).hex()
    with database.write() as connection:
        values = {"last": other, "root": made.hex(), "signature": signed, "blocks": made}
        connection.execute(update(audit_days).where(audit_days.c.day == day.day).values(**values))
    with pytest.raises(AuditBroken, match="2026-11-25 is not the one that the log tells of"):
        verify_log(log, seals)


def root_of(log: AuditLog, first: int, last: int) -> bytes:
    hashes = [bytes.fromhex(one["hash"]) for one in log.export() if first <= one["sequence"] <= last]
    return root([leaf_hash(one) for one in hashes])
