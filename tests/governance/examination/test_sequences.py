"""No sequence of acts leads to a state that the rules forbid, and none is half done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import insert
from tests.desk import CANDIDATES, REVIEWERS, Desk
from tests.postgres import Place

from regard.errors import ConflictException, ServiceError
from regard.governance.examination.conclusions import NewEvidence
from regard.governance.examination.examination import Examination
from regard.governance.examination.false_matches import Aftermath
from regard.governance.examination.records import (
    Rating,
    Review,
)
from regard.governance.examination.states import CandidateStatus, ReviewStatus
from regard.storage.schema import collections, faces

AFTERMATH = Aftermath(consequence="NONE")


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    made = Desk(place.folder, place.url)
    yield made
    made.database.close()


def test_what_is_broken_off_leaves_neither_review_nor_record(desk: Desk) -> None:
    before = desk.audit.newest()
    with pytest.raises(KeyboardInterrupt), desk.searching():
        raise KeyboardInterrupt
    assert desk.stores.reviews.of_cases() == []
    assert desk.audit.newest() == before


def test_a_review_has_the_number_of_its_record(desk: Desk) -> None:
    review = desk.search()
    assert review is not None
    assert desk.stores.reviews.get(review.review_id).record == desk.audit.newest().sequence


def test_the_probe_of_another_case_is_another_review(desk: Desk) -> None:
    first = desk.search()
    other = desk.search(replace(desk.new(), probe="b" * 64))
    assert first is not None
    assert other is not None
    assert other.review_id != first.review_id


def test_a_review_is_rated_confirmed_and_disputed_on_either_database(desk: Desk) -> None:
    desk.search()
    for name in ("rita", "rolf"):
        review = desk.stores.sheets.take(desk.ids[name])
        assert review is not None
        desk.stores.ratings.commit(review, desk.ids[name], [Rating(n, 3) for n in (1, 2)])
    [review] = desk.stores.reviews.of_cases()
    one = review.candidates[0]
    item = desk.stores.conclusions.add_evidence(
        review, one, NewEvidence(kind="WITNESS", description="seen", independent=True), desk.ids["ines"]
    )
    desk.stores.conclusions.confirm(review, one, [item.evidence_id], "known", "P-anna")
    one = desk.stores.reviews.get(review.review_id).candidates[0]
    desk.stores.conclusions.dispute(review, one, "abroad", "P-ines")
    one = desk.stores.reviews.get(review.review_id).candidates[0]
    desk.stores.conclusions.resolve(
        review, one, CandidateStatus.WRONG, "twins", "P-anna", aftermath=AFTERMATH
    )
    assert [found.cause for found in desk.stores.false_matches.all()] == ["twins"]


def test_of_many_who_rate_one_sheet_at_once_one_is_taken(desk: Desk) -> None:
    desk.search()
    review = desk.stores.sheets.take(desk.ids["rita"])
    assert review is not None
    given = [Rating(n, 3) for n in (1, 2)]

    def commit(_n: int) -> bool:
        try:
            desk.stores.ratings.commit(review, desk.ids["rita"], given)
        except ConflictException:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(commit, range(4))) == 1
    assert len(desk.stores.ratings.of(review)) == CANDIDATES


def test_the_same_search_at_once_opens_one_review(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _n: desk.search(), range(4)))
    assert len({review.review_id for review in found if review is not None}) == 1


def test_the_picture_of_a_face_that_many_enrol_at_once_is_kept_once(desk: Desk) -> None:
    with desk.database.write() as connection:
        made = insert(collections).values(collection_id="wanted", face_model_version="3.0", created=1)
        collection = connection.execute(made.returning(collections.c.row)).scalar_one()
        place = {"left": 0.0, "top": 0.0, "width": 1.0, "height": 1.0, "confidence": 99.0, "vector": b""}
        face = {"collection": collection, "image_id": "i", "image_digest": "d", "created": 1, **place}
        add = insert(faces).returning(faces.c.row)
        rows = [
            connection.execute(add.values(face_id=str(number), **face)).scalar_one() for number in range(40)
        ]
    together = Barrier(4)

    def put(_thread: int) -> None:
        for row in rows:
            together.wait(60)
            desk.stores.crops.put({row: b"jpeg"})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put, range(4)))
    assert desk.stores.crops.having(rows) == set(rows)


class Acts(RuleBasedStateMachine):
    """Whatever people do in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self.folder.name))
        self.rejected: set[str] = set()

    def teardown(self) -> None:
        self.desk.database.close()
        self.folder.cleanup()

    @property
    def stores(self) -> Examination:
        return self.desk.stores

    def reviews(self) -> list[Review]:
        return self.stores.reviews.of_cases()

    @rule()
    def search(self) -> None:
        self.desk.search()

    @rule(name=st.sampled_from(REVIEWERS), values=st.lists(st.integers(-3, 3), min_size=2, max_size=2))
    def rate(self, name: str, values: list[int]) -> None:
        person = self.desk.ids[name]
        review = self.stores.sheets.take(person)
        if review is not None:
            given = [Rating(one.number, value) for one, value in zip(review.ratable, values, strict=False)]
            with suppress(ServiceError):
                self.stores.ratings.commit(review, person, given)

    @rule(name=st.sampled_from(("ines", *REVIEWERS)))
    def take(self, name: str) -> None:
        review = self.stores.sheets.take(self.desk.ids[name])
        assert name != "ines" or review is None

    @rule()
    def withdraw(self) -> None:
        for review in self.reviews()[-1:]:
            with suppress(ServiceError):
                self.stores.reviews.withdraw(review)

    @rule()
    def reopen(self) -> None:
        for review in self.reviews()[-1:]:
            with suppress(ServiceError):
                self.stores.reviews.reopen(review)

    @rule(
        number=st.integers(1, CANDIDATES),
        independent=st.booleans(),
        kind=st.sampled_from(("WITNESS", "LINEUP")),
    )
    def prove(self, number: int, independent: bool, kind: str) -> None:
        item = NewEvidence(kind=kind, description="seen", independent=independent)
        for review in self.reviews()[-1:]:
            for one in review.candidates:
                if one.number == number:
                    with suppress(ServiceError):
                        self.stores.conclusions.add_evidence(review, one, item, self.desk.ids["ines"])

    @rule(number=st.integers(1, CANDIDATES), act=st.sampled_from(("confirm", "dispute", "UPHELD", "WRONG")))
    def conclude(self, number: int, act: str) -> None:
        conclusions = self.stores.conclusions
        for review in self.reviews()[-1:]:
            one = review.candidate(number)
            if one is None:
                continue
            with suppress(ServiceError):
                if act == "confirm":
                    ids = [item.evidence_id for item in conclusions.evidence(review, number)]
                    conclusions.confirm(review, one, ids, "known", "P-anna")
                elif act == "dispute":
                    conclusions.dispute(review, one, "abroad", "P-ines")
                else:
                    conclusions.resolve(
                        review,
                        one,
                        CandidateStatus(act),
                        "twins",
                        "P-anna",
                        aftermath=AFTERMATH if act == "WRONG" else None,
                    )

    @invariant()
    def a_lead_has_two_distinct_raters_who_are_sure_of_it(self) -> None:
        for review in self.reviews():
            ratings = self.stores.ratings.of(review)
            for one in review.candidates:
                if one.status in (CandidateStatus.LEAD, CandidateStatus.CONFIRMED):
                    sure = {
                        rating.person_id
                        for rating in ratings
                        if rating.number == one.number and rating.value >= 2 and rating.round == review.round
                    }
                    assert len(sure) >= 2
                    assert review.searcher not in sure

    @invariant()
    def what_is_confirmed_has_independent_evidence(self) -> None:
        for review in self.reviews():
            for one in review.candidates:
                if one.status is CandidateStatus.CONFIRMED:
                    items = self.stores.conclusions.evidence(review, one.number)
                    assert any(item.independent and item.kind != "LINEUP" for item in items)

    @invariant()
    def nobody_rates_a_candidate_twice(self) -> None:
        for review in self.reviews():
            given = [(rating.number, rating.person_id) for rating in self.stores.ratings.of(review)]
            assert len(given) == len(set(given))

    @invariant()
    def who_was_rejected_is_never_a_candidate_again(self) -> None:
        found = self.reviews()
        for review in found:
            for one in review.candidates:
                if one.subject in self.rejected and review is found[-1]:
                    assert one.status is not CandidateStatus.PENDING_REVIEW
                    assert one.status is not CandidateStatus.LEAD
                if one.status is CandidateStatus.REJECTED:
                    self.rejected.add(one.subject)

    @invariant()
    def a_decided_review_has_no_candidate_that_waits(self) -> None:
        for review in self.reviews():
            if review.status is ReviewStatus.DECIDED:
                assert all(one.status is not CandidateStatus.PENDING_REVIEW for one in review.candidates)

    @invariant()
    def one_review_of_a_search_stands_at_a_time(self) -> None:
        standing = [
            review
            for review in self.reviews()
            if review.status not in (ReviewStatus.WITHDRAWN, ReviewStatus.EXPIRED)
        ]
        assert len(standing) <= 1


Acts.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestActs = Acts.TestCase
