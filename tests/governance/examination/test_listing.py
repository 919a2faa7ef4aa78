"""Lists of cases and reviews ask the database as often for many as for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from tests.reviewing import ReviewOffice

from regard.storage.schema import reviews

Count = Callable[[Callable[[], object]], int]


@pytest.fixture
def statements(office: ReviewOffice) -> Count:
    """How many statements something takes that was done before."""

    def count(act: Callable[[], object]) -> int:
        act()
        made: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            made.append(statement)

        engine = office.parts.database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            act()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(made)

    return count


def decided(office: ReviewOffice, picture: Path) -> None:
    office.search(picture)
    office.rate("rita", 3)
    office.rate("rolf", 3)


def test_a_list_of_reviews(
    office: ReviewOffice, portrait: Path, other_portrait: Path, statements: Count
) -> None:
    rita = office.reviewer("rita")

    def listed() -> list[Any]:
        return list(office.call("list_reviews", rita, CaseId=office.case_id)["Reviews"])

    decided(office, portrait)
    for_one = statements(listed)
    decided(office, other_portrait)
    assert len(listed()) == 2
    assert statements(listed) == for_one


def test_a_list_of_cases(office: ReviewOffice, statements: Count) -> None:
    def listed() -> list[Any]:
        return list(office.call("list_cases", office.ines)["Cases"])

    for_one = statements(listed)
    office.case(office.ines)
    assert len(listed()) == 2
    assert statements(listed) == for_one


def test_a_sheet_to_be_taken(
    office: ReviewOffice, portrait: Path, other_portrait: Path, statements: Count
) -> None:
    sheets = office.parts.stores.accountability.examination.sheets
    rita = str(office.reviewer("rita").person_id)

    def take() -> None:
        assert sheets.take(rita) is not None

    office.search(portrait)
    for_one = statements(take)
    with office.parts.database.write() as connection:
        connection.execute(update(reviews).values(assignee=None))
    office.search(other_portrait)
    assert statements(take) == for_one
