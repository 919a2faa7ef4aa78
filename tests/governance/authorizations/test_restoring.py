"""A restored backup lets no authorization live again that was over when it was restored."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.authorizing import HOUR, START, Clock, case_of, document, person_of, wanted
from tests.postgres import Place

from regard.governance.authorizations.records import Ground, Standing
from regard.governance.authorizations.restoring import settle_restored
from regard.governance.authorizations.store import Authorizations
from regard.governance.profiles import load_profiles
from regard.storage.database import Database
from regard.storage.transfer import copy_into


@pytest.fixture
def now(place: Place) -> Database:
    """The database that has gone on since the backup."""
    return place.open()


@pytest.fixture
def backup(now: Database, tmp_path: Path) -> Database:
    """The database as it was: a warrant that was approved, an exigency, and a request."""
    store, ines = authorizations(now), person_of(now, "ines", "investigator")
    case = case_of(now, ines)
    warrant = store.request(wanted(case), ines)
    store.approve(warrant.authorization_id, person_of(now, "anna", "approver"), document())
    store.request(wanted(case, Ground.EXIGENCY), ines)
    store.request(wanted(case), ines)
    was = Database.open(tmp_path / "backup")
    with now.read() as connection:
        copy_into(connection, was, lambda *_: None)
    return was


def authorizations(database: Database) -> Authorizations:
    return Authorizations(database, load_profiles("").rules, Clock())


def states(database: Database, at: int = START) -> list[Standing]:
    return [one.state(at) for one in authorizations(database).all()]


def test_what_was_revoked_or_refused_since_the_backup_stays_so(now: Database, backup: Database) -> None:
    store, anna = authorizations(now), person_of(now, "axel", "approver")
    warrant, exigency, request = store.all()
    store.revoke(warrant.authorization_id, anna, "solved")
    store.reject(exigency.authorization_id, anna, "no danger")
    assert states(backup) == [Standing.ACTIVE, Standing.EXIGENT, Standing.REQUESTED]
    assert settle_restored(backup, now, START) == []
    assert states(backup) == [Standing.REVOKED, Standing.REJECTED, Standing.REQUESTED]
    assert request.authorization_id == authorizations(backup).all()[2].authorization_id


def test_what_goes_on_goes_on(now: Database, backup: Database) -> None:
    settle_restored(backup, now, START)
    assert states(backup) == [Standing.ACTIVE, Standing.EXIGENT, Standing.REQUESTED]


def test_an_exigency_whose_hours_are_over_has_lapsed_in_the_backup_too(
    now: Database, backup: Database
) -> None:
    settle_restored(backup, now, START + 48 * HOUR)
    assert states(backup, START + 48 * HOUR)[1] is Standing.LAPSED


def test_nothing_holds_where_the_database_that_knew_is_lost(backup: Database) -> None:
    warrant, exigency, _ = authorizations(backup).all()
    ended = settle_restored(backup, None, START)
    assert ended == [warrant.authorization_id, exigency.authorization_id]
    assert states(backup) == [Standing.REVOKED, Standing.LAPSED, Standing.REQUESTED]


def test_what_came_back_with_a_backup_is_due_to_be_erased_again(now: Database, backup: Database) -> None:
    store = authorizations(now)
    exigency = store.all()[1]
    store.reject(exigency.authorization_id, person_of(now, "axel", "approver"), "no danger")
    with now.write() as connection:
        connection.exec_driver_sql("UPDATE authorizations SET erased = 1, erasure_record = 1")
    settle_restored(backup, now, START)
    assert authorizations(backup).all()[1].erased is None
