"""The audit log, proven at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.tampering import tamper

from regard.governance.audit import AuditLog
from regard.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """That of the data folder, with three records of the day before yesterday."""
    opened = Database.open(tmp_path / "data")
    log, day = AuditLog(opened), datetime.now(UTC) - timedelta(days=2)
    for n in range(3):
        log.append({"time": day.isoformat(timespec="milliseconds"), "operation": "test", "n": n})
    yield opened
    opened.close()


def test_a_command_seals_what_no_server_has_and_verify_checks_it(regard: Run, database: Database) -> None:
    regard("keys", "list")
    told = regard("audit", "verify").stdout
    assert "6 records, unbroken. Head: " in told  # with the listing's, the seal's, and that of its key
    assert "1 sealed day: roots and signatures hold." in told


def test_a_seal_that_was_replaced_is_told_with_its_day(regard: Run, database: Database) -> None:
    regard("keys", "list")
    tamper(database, "update audit_days set root = previous")
    told = regard("audit", "verify", code=1).stderr
    assert "is not that of its records; the seal was changed." in told


def test_what_keeps_a_day_from_being_sealed_is_told_and_fails_no_command(
    regard: Run, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "data" / "audit.key").write_text("nothing")
    told = regard("keys", "list").stderr
    assert "The audit log's days could not be sealed:" in told
    assert "is no Ed25519 key" in told


def test_a_receipt_is_made_and_checked_where_there_is_no_log(
    regard: Run, database: Database, tmp_path: Path
) -> None:
    regard("keys", "list")
    assert "The receipt of record 2 is in r.json." in regard("receipt", "get", 2, "--out", "r.json").stdout
    (tmp_path / "data").rename(tmp_path / "gone")
    told = regard("receipt", "verify", "r.json").stdout
    assert "It is one of the 3 records of" in told
    receipt = json.loads((tmp_path / "r.json").read_text())
    key = receipt["Day"]["PublicKey"]
    assert f"The key that signed is {key}" in told
    assert key not in regard("receipt", "verify", "r.json", "--key", key.upper()).stdout
    assert regard("receipt", "verify", "r.json", "--head", receipt["Day"]["Root"])


def test_a_receipt_before_its_day_is_sealed_says_so(regard: Run, database: Database) -> None:
    regard("keys", "list")
    regard("receipt", "get", 4, "--out", "r.json")
    assert "Its day was not sealed yet" in regard("receipt", "verify", "r.json").stdout


def test_a_receipt_that_does_not_hold_is_a_sentence_and_exit_status_1(
    regard: Run, database: Database, tmp_path: Path
) -> None:
    regard("keys", "list")
    regard("receipt", "get", 2, "--out", "r.json")
    text = (tmp_path / "r.json").read_text()
    (tmp_path / "r.json").write_text(text.replace("test", "rest"))
    assert "they don't fit each other" in regard("receipt", "verify", "r.json", code=1).stderr
    assert (
        "--key takes 64 digits of hex." in regard("receipt", "verify", "r.json", "--key", "x", code=1).stderr
    )
    assert "r.txt can't be read" in regard("receipt", "verify", "r.txt", code=1).stderr
    assert "has no record 999" in regard("receipt", "get", 999, code=1).stderr
