"""The audit log, proven at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import crashing
from tests.cli.conftest import Run
from tests.tampering import tamper

from regard.governance.audit import AuditLog
from regard.storage.backup import back_up
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


def test_the_rules_are_checked_in_the_database_and_in_an_exported_log(regard: Run, tmp_path: Path) -> None:
    regard("collections", "create", "c")
    exported = regard("audit", "export").stdout
    (tmp_path / "log.jsonl").write_text(exported)
    assert "rules: no violation. Head: " in regard("audit", "rules").stdout
    (tmp_path / "data").rename(tmp_path / "gone")
    told = regard("audit", "rules", "log.jsonl").stdout
    assert json.loads(exported)["hash"] in told
    cut = regard("audit", "rules", "log.jsonl", "--head", "0" * 64, code=1).stdout
    assert "records were removed or changed" in cut


def test_what_breaks_a_rule_is_told_with_its_record_and_exit_status_1(regard: Run, tmp_path: Path) -> None:
    database = Database.open(tmp_path / "data")
    for n in range(2):
        AuditLog(database).append_command("test", str(n))
    lines = [json.dumps(one) for one in AuditLog(database).export()]
    database.close()
    (tmp_path / "log.jsonl").write_text("\n".join(lines).replace('"subject": "1"', '"subject": "2"'))
    done = regard("audit", "rules", "log.jsonl", code=1)
    assert "Record 2: it was changed, or the one before it was changed or removed (chain)." in done.stdout
    assert "2 records of the audit log: 1 violation." in done.stderr
    (tmp_path / "log.jsonl").write_text("nothing")
    assert "is no exported audit log: see its line 1." in regard("audit", "rules", "log.jsonl", code=1).stderr


def test_a_row_that_was_made_by_hand_is_told(regard: Run, database: Database) -> None:
    tamper(
        database,
        "insert into keys (key_id, secret, name, role, purpose, created) "
        "values ('K', 's', 'k', 'admin', 'general', 1)",
    )
    assert "No record says that the key K was made." in regard("audit", "rules", code=1).stdout


def test_a_restore_erases_again_what_was_erased_since_and_says_so(regard: Run, tmp_path: Path) -> None:
    database, collections, gallery = crashing.stores(tmp_path / "data")
    collections.create("c", "1")
    faces = gallery.add(collections.get("c"), crashing.faces_of(1), image_digest="1", external_image_id="e")
    AuditLog(database).append_command("test", "c")
    back_up(database, tmp_path / "b", replace=False, progress=lambda *_: None)
    gallery.delete(collections.get("c"), [face.face_id for face in faces[:2]])
    database.close()
    told = regard("restore", "b", "--force", "--yes").stdout
    assert "1 collection, 1 face," in told
    assert "Erased again, as they were since: 2 faces." in told
    after = Database.open(tmp_path / "data")
    record = list(AuditLog(after).export())[-1]
    after.close()
    assert (record["operation"], record["erased_again"]) == ("restore", {"faces": 2})
    assert record["backup_until"] is not None
    assert (
        "There is no file other.jsonl" in regard("restore", "b", "--erasures", "other.jsonl", code=1).stderr
    )
