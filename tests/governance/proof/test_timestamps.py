"""Sealed days are stamped with the time by somebody else, and anybody checks that without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.cli.conftest import running
from tests.governance.proof.conftest import DAY, MONDAY, Write
from tests.stamping import StampingAuthority, stamping_authority

from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.governance.proof.day import SealedDay
from regard.governance.proof.publication import Publication
from regard.governance.proof.receipt_file import read_receipt
from regard.governance.proof.receipts import make_receipt
from regard.governance.proof.seals import Seals
from regard.governance.proof.timestamps import TimestampInvalid, check_timestamp, read_authorities
from regard.notifications.anchor import anchor_of
from regard.operations.administration.audit_proofs import receipt_shape
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import audit_timestamps

pytest.importorskip("rfc3161_client", reason="the extra `timestamps` is not installed")


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[StampingAuthority]:
    with stamping_authority(tmp_path / "authority") as one:
        yield one


@pytest.fixture
def days(seals: Seals, write: Write) -> list[SealedDay]:
    for day in range(2):
        write(MONDAY + day * DAY)
    return seals.seal_due(MONDAY + 2 * DAY)


def publication(database: Database, seals: Seals, authority: StampingAuthority) -> Publication:
    place = anchor_of(Settings.load({}, audit_anchor=f"tsp+{authority.url}", webhooks="private"))
    assert place is not None
    return Publication(database, seals, place)


def test_each_sealed_day_is_stamped_once_and_its_time_stamp_is_kept(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority
) -> None:
    published = publication(database, seals, authority)
    assert (published.publish_due(), published.publish_due()) == (2, 0)
    assert len(authority.asked) == 2
    tokens = seals.timestamps([day.day for day in days])
    trusted = read_authorities(authority.root.read_bytes())
    for day in days:
        time = check_timestamp(tokens[day.day], day.signed, trusted)
        assert abs(datetime.now(UTC) - time) < timedelta(minutes=2)


def test_the_authority_learns_a_hash_and_nothing_else(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority
) -> None:
    publication(database, seals, authority).publish_due()
    assert days[0].root.encode() not in authority.asked[0]
    assert len(authority.asked[0]) < 100


def test_certificates_may_come_in_another_order_than_der_has_them_in(
    database: Database, seals: Seals, days: list[SealedDay], tmp_path: Path
) -> None:
    """As authorities send them that run OpenSSL: their own, the longer one here, before the root's."""
    with stamping_authority(tmp_path / "authority", sends_root=True) as authority:
        assert publication(database, seals, authority).publish_due() == 2
        trusted = read_authorities(authority.root.read_bytes())
    token = seals.timestamps([days[0].day])[days[0].day]
    check_timestamp(token, days[0].signed, trusted)


def test_a_time_stamp_of_another_day_does_not_hold(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority
) -> None:
    publication(database, seals, authority).publish_due()
    [token, _] = seals.timestamps([day.day for day in days]).values()
    with pytest.raises(TimestampInvalid, match="of something else"):
        check_timestamp(token, days[1].signed)


def test_a_time_stamp_by_another_authority_or_a_changed_one_does_not_hold(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority, tmp_path: Path
) -> None:
    publication(database, seals, authority).publish_due()
    token = seals.timestamps([days[0].day])[days[0].day]
    with stamping_authority(tmp_path / "other") as other:
        trusted = read_authorities(other.root.read_bytes())
    with pytest.raises(TimestampInvalid, match="not signed by that authority"):
        check_timestamp(token, days[0].signed, trusted)
    changed = bytearray(base64.b64decode(token))
    changed[-1] ^= 1
    with pytest.raises(TimestampInvalid):
        check_timestamp(
            base64.b64encode(changed).decode(),
            days[0].signed,
            read_authorities(authority.root.read_bytes()),
        )


def test_an_answer_to_another_request_is_not_kept_and_the_day_is_sent_again(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority
) -> None:
    published = publication(database, seals, authority)
    published.publish_due()
    old = base64.b64decode(seals.timestamps([days[0].day])[days[0].day])
    sealed = seals.seal_due(MONDAY + 3 * DAY)
    assert len(sealed) == 1
    for wrong, words in ((old, "of another request"), (b"no", "is no time-stamp")):
        authority.answers = [wrong]
        with pytest.raises(RegardError, match=words):
            published.publish_due()
    assert published.publish_due() == 1


def test_an_authority_in_this_network_is_refused_unless_the_operator_allows_it(
    database: Database, seals: Seals, days: list[SealedDay], authority: StampingAuthority
) -> None:
    place = anchor_of(Settings.load({}, audit_anchor=f"tsp+{authority.url}"))
    assert place is not None
    with pytest.raises(RegardError, match="in a private network"):
        Publication(database, seals, place).publish_due()
    assert authority.asked == []


@pytest.fixture
def folder(tmp_path: Path, authority: StampingAuthority) -> Path:
    """A data folder whose log has two sealed and stamped days."""
    folder = tmp_path / "office"
    database = Database.open(folder)
    log = AuditLog(database)
    seals = Seals(database, log, folder)
    for day in range(2):
        log.append({"time": (MONDAY + day * DAY).isoformat(timespec="milliseconds")})
    seals.seal_due(MONDAY + 2 * DAY)
    publication(database, seals, authority).publish_due()
    database.close()
    return folder


def test_a_receipt_carries_the_time_stamp_and_the_command_checks_it_without_a_server(
    folder: Path, authority: StampingAuthority, tmp_path: Path
) -> None:
    database = Database.open(folder)
    log = AuditLog(database)
    seals = Seals(database, log, folder)
    receipt, other = make_receipt(log, seals, 1), make_receipt(log, seals, 2)
    database.close()
    assert receipt is not None
    assert other is not None
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt_shape(receipt)))
    assert read_receipt(file.read_bytes()) == receipt
    run = running(tmp_path)
    assert "by the authority of" in run("receipt", "verify", file, "--authority", authority.root).stdout
    file.write_text(json.dumps(receipt_shape(replace(receipt, timestamp=other.timestamp))))
    assert "The time-stamp is of something else" in run("receipt", "verify", file, code=1).stderr


def test_verifying_the_log_checks_every_time_stamp(
    folder: Path, authority: StampingAuthority, tmp_path: Path
) -> None:
    run = running(tmp_path)
    command = ("audit", "verify", "--data", folder, "--authority", authority.root)
    assert "2 days stamped with the time" in run(*command).stdout
    database = Database.open(folder)
    with database.write() as connection:
        [first, other] = connection.execute(select(audit_timestamps).order_by(audit_timestamps.c.row)).all()
        of_first = audit_timestamps.c.row == first.row
        connection.execute(update(audit_timestamps).where(of_first).values(token=other.token))
    database.close()
    assert f"{first.day}: The time-stamp is of something else" in run(*command, code=1).stderr
