"""The log alone proves that leads were rated and confirmed as the rules say; a forged one shows that not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.reviewing import ReviewOffice

from regard.app import Parts, declared_operations
from regard.governance.rules.replay import RULES as ALL
from regard.governance.rules.replay import Replay
from regard.governance.rules.reviews import RULES
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.tables import unexplained

Record = dict[str, Any]


@pytest.fixture(scope="module")
def records(shared_parts: Parts, portrait: Path) -> Iterator[list[Record]]:
    """The log of a search whose candidate became a lead, and was confirmed."""
    office = ReviewOffice(shared_parts)
    office.gallery(portrait)
    review, number = office.lead(portrait)
    office.call(
        "confirm_candidate",
        office.approver(),
        ReviewId=review,
        Number=number,
        EvidenceIds=[office.evidence(review, number)],
        Reason="The neighbour knows him.",
    )
    office.search(portrait)
    yield list(shared_parts.audit.export())
    office.close()


def broken(records: list[Record], rules: tuple[Rule, ...] = RULES) -> list[str]:
    replay = Replay(declared_operations(), rules)
    for record in records:
        replay.take(LogRecord(record["sequence"], record["hash"], json.dumps(record), record))
    return [violation.sentence for violation in replay.end()]


def forged(records: list[Record], operation: str, change: Callable[[Record], object]) -> list[Record]:
    """The log with the last record of an operation changed."""
    made = copy.deepcopy(records)
    change([one for one in made if one["operation"] == operation][-1])
    return made


def without(records: list[Record], operation: str) -> list[Record]:
    """The log without the last record of an operation."""
    [*_, last] = [one for one in records if one["operation"] == operation]
    return [one for one in records if one is not last]


def test_what_the_gate_does_breaks_no_rule(records: list[Record]) -> None:
    assert broken(records) == []


def test_every_review_and_every_lead_of_the_tables_is_explained(
    records: list[Record], shared_parts: Parts
) -> None:
    replay = Replay(declared_operations(), RULES)
    for record in records:
        replay.take(LogRecord(record["sequence"], record["hash"], json.dumps(record), record))
    with shared_parts.database.read() as connection:
        told = list(unexplained(connection, replay.state))
    assert not [one for one in told if "R-" in one]


def test_a_review_s_rules_are_among_those_that_are_checked() -> None:
    assert set(RULES) <= set(ALL)


def test_a_search_with_candidates_and_no_review_shows(records: list[Record]) -> None:
    [sentence] = broken(forged(records, "SearchFacesByImage", lambda record: record.pop("review")))
    assert "without a review" in sentence


def test_a_lead_with_one_rating_shows(records: list[Record]) -> None:
    assert any("became a lead by 1 of 2 ratings" in one for one in broken(forget_first_rating(records)))


def test_a_lead_has_as_many_ratings_as_its_search_says_it_takes(records: list[Record]) -> None:
    stricter = copy.deepcopy(records)
    first_search(stricter)["reviewers"] = 3
    assert any("became a lead by 2 of 3 ratings" in one for one in broken(stricter))


def test_no_record_makes_it_fewer_than_the_rules_that_always_hold(records: list[Record]) -> None:
    laxer = copy.deepcopy(forget_first_rating(records))
    first_search(laxer)["reviewers"] = 1
    assert any("became a lead by 1 of 2 ratings" in one for one in broken(laxer))


def first_search(records: list[Record]) -> Record:
    return next(one for one in records if one["operation"] == "SearchFacesByImage")


def forget_first_rating(records: list[Record]) -> list[Record]:
    first = next(one for one in records if one["operation"] == "PutRatings")
    return [one for one in records if one is not first]


def test_a_lead_that_its_ratings_don_t_carry_shows(records: list[Record]) -> None:
    def lower(record: Record) -> None:
        record["facts"]["Rated"][0]["Value"] = 1

    [sentence] = broken(forged(records, "PutRatings", lower))
    assert "became a lead by 1 of 2 ratings" in sentence


def test_who_rates_the_own_search_shows(records: list[Record]) -> None:
    searcher = next(one["person"] for one in records if one.get("review"))
    found = broken(forged(records, "PutRatings", lambda record: record.update(person=searcher)))
    assert any("rated the own search" in one for one in found)


def test_who_rates_twice_shows(records: list[Record]) -> None:
    first = next(one["person"] for one in records if one["operation"] == "PutRatings")
    found = broken(forged(records, "PutRatings", lambda record: record.update(person=first)))
    assert any("twice" in one for one in found)


def test_who_rates_untrained_shows(records: list[Record]) -> None:
    untrained = [one for one in records if one["operation"] != "RecordTraining"]
    assert any("no valid training" in one for one in broken(untrained))


def test_a_rating_of_no_review_shows(records: list[Record]) -> None:
    found = broken([one for one in records if not one.get("review")])
    assert any("which no search opened" in one for one in found)


def test_a_confirmation_without_evidence_shows(records: list[Record]) -> None:
    [sentence] = broken(without(records, "AddEvidence"))
    assert "without independent evidence" in sentence


def test_a_confirmation_by_who_rated_shows(records: list[Record]) -> None:
    rater = next(one["person"] for one in records if one["operation"] == "PutRatings")
    [sentence] = broken(forged(records, "ConfirmCandidate", lambda record: record.update(person=rater)))
    assert "searched or rated there" in sentence
