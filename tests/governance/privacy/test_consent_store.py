"""Consents in the database, SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from tests.postgres import Place

from regard.errors import AccessDeniedException
from regard.governance.privacy.consents import Consents, NewConsent
from regard.storage.clock import milliseconds

DAY: Final = 24 * 3_600_000


def agreed(subject: str, **changes: int) -> NewConsent:
    """A consent that was given an hour ago."""
    new = NewConsent(
        subject=subject,
        collection="members",
        row_of=1,
        text_version="1",
        form="WRITTEN",
        given=milliseconds() - 3_600_000,
        until=None,
        evidence="ab" * 32,
    )
    return replace(new, **changes)  # type: ignore[arg-type]  # all are numbers


def test_all_who_have_consented_are_known_and_the_first_who_has_not_is_named(place: Place) -> None:
    database = place.open()
    consents = Consents(database, None)
    made = consents.put([agreed("anna"), agreed("berta")], "P-2026-000001")
    with database.read() as connection:
        valid = consents.check(connection, 1, ["anna", "berta", "anna"])
        assert valid == {one.subject: one.consent_id for one in made}
        with pytest.raises(AccessDeniedException, match="'clara'"):
            consents.check(connection, 1, ["anna", "clara"])
        with pytest.raises(AccessDeniedException, match="'anna'"):
            consents.check(connection, 2, ["anna"])


def test_without_contact_a_consent_ends(place: Place) -> None:
    consents = Consents(place.open(), 30)
    consents.put([agreed("anna"), agreed("berta")], "P-2026-000001")
    soon, late = milliseconds() + 29 * DAY, milliseconds() + 31 * DAY
    assert consents.ended(1, soon, 10) == []
    consents.put([agreed("berta", given=milliseconds() - 1, until=milliseconds() + 90 * DAY)], "P")
    assert sorted(consents.ended(1, late, 10)) == ["anna", "berta"]


def test_faces_that_went_are_not_asked_for_again(place: Place) -> None:
    database = place.open()
    consents = Consents(database, None)
    (made,) = consents.put([agreed("anna")], "P-2026-000001")
    consents.withdraw(made, "P-2026-000002")
    assert consents.ended(1, milliseconds(), 10) == ["anna"]
    with database.write() as connection:
        consents.note_erased(connection, 1, "anna", milliseconds())
    assert consents.ended(1, milliseconds(), 10) == []
