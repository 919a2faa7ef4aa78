"""The log says which rules hold from when on, and nothing of an installation that never chose any."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.governance.audit import AuditLog
from regard.governance.profiles import load_profiles
from regard.governance.rules_in_force import note_rules
from regard.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path)


def noted(
    database: Database, chosen: str, site_purpose: str = "general", *, starts: bool = False
) -> list[str]:
    """What the log says of rules after an installation was opened with those profiles."""
    audit = AuditLog(database)
    note_rules(database, audit, load_profiles(chosen), site_purpose, starts=starts)
    return [record["subject"] for record in audit.export()]


def test_an_installation_without_a_choice_records_nothing(database: Database) -> None:
    assert noted(database, "", starts=True) == []


def test_a_choice_is_recorded_once_until_it_changes(database: Database) -> None:
    assert noted(database, "eu") == ["base,eu"]
    assert noted(database, "eu") == ["base,eu"]
    assert noted(database, "eu,us-md") == ["base,eu", "base,eu,us-md"]


def test_going_back_to_the_rules_of_base_is_recorded(database: Database) -> None:
    noted(database, "eu")
    assert noted(database, "") == ["base,eu", "base"]


def test_a_site_purpose_is_a_choice(database: Database) -> None:
    noted(database, "", "law-enforcement")
    [record] = AuditLog(database).export()
    assert (record["operation"], record["site_purpose"]) == ("choose rules", "law-enforcement")


def test_a_server_that_starts_says_by_which_rules(database: Database) -> None:
    noted(database, "eu")
    assert noted(database, "eu", starts=True) == ["base,eu", "base,eu"]
