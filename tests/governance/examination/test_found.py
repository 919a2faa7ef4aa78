"""Whom searches in moving pictures found: a review each, and its record, in the transaction of the find."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.desk import Desk
from tests.postgres import Place

from regard.governance.examination.purging import purge_reviews
from regard.governance.examination.records import NewReview, Rating, Review
from regard.governance.examination.states import CandidateStatus, ReviewStatus
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds

AUTHORIZATION = "A-2026-000001"


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    made = Desk(place.folder, place.url)
    yield made
    made.database.close()


def sighting(desk: Desk, **changes: Any) -> NewReview:
    return replace(desk.new(), operation="start_face_search", authorization_id=AUTHORIZATION, **changes)


def opened(desk: Desk, new: NewReview) -> Review | None:
    with desk.database.write(turn=Turn.AUDIT) as connection:
        return desk.stores.found.open(connection, new, key="RGKEY", job="j")


def rate(desk: Desk, name: str, value: int) -> Review:
    taken = desk.stores.sheets.take(desk.ids[name])
    assert taken is not None
    return desk.stores.ratings.commit(
        taken, desk.ids[name], [Rating(one.number, value) for one in taken.ratable]
    )


def test_a_review_of_somebody_found_has_a_record_of_its_own(desk: Desk) -> None:
    review = opened(desk, sighting(desk))
    assert review is not None
    *_, record = desk.audit.export()
    assert record["operation"] == "open review"
    assert (record["review"], record["authorization"], record["job"]) == (
        review.review_id,
        AUTHORIZATION,
        "j",
    )
    assert desk.stores.reviews.get(review.review_id).record == record["sequence"]


def test_what_is_broken_off_leaves_neither_a_review_nor_a_record(desk: Desk) -> None:
    before = desk.audit.newest()

    def broken_off() -> None:
        with desk.database.write(turn=Turn.AUDIT) as connection:
            desk.stores.found.open(connection, sighting(desk), key="RGKEY")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert desk.stores.reviews.of_cases() == []
    assert desk.audit.newest() == before


def test_nobody_found_opens_nothing(desk: Desk) -> None:
    before = desk.audit.newest()
    assert opened(desk, sighting(desk, candidates=[])) is None
    assert desk.audit.newest() == before


def test_the_same_person_found_again_is_the_same_review_and_another_record(desk: Desk) -> None:
    first, again = opened(desk, sighting(desk)), opened(desk, sighting(desk, threshold=80))
    assert first is not None
    assert again is not None
    assert again.review_id == first.review_id
    assert [one["review"] for one in desk.audit.export()] == [first.review_id] * 2
    assert desk.stores.reviews.get(first.review_id).record == 1


def test_another_authorization_has_a_review_of_its_own(desk: Desk) -> None:
    first = opened(desk, sighting(desk))
    other = opened(desk, replace(sighting(desk), authorization_id="A-2026-000002"))
    assert first is not None
    assert other is not None
    assert other.review_id != first.review_id


def test_who_was_rejected_for_a_probe_is_not_shown_for_it_again(desk: Desk) -> None:
    opened(desk, sighting(desk))
    rate(desk, "rita", -3)
    assert rate(desk, "rolf", -3).status is ReviewStatus.DECIDED
    assert opened(desk, replace(sighting(desk), authorization_id="A-2026-000002")) is None


def test_an_alert_that_nobody_judged_in_time_has_expired(desk: Desk) -> None:
    review = opened(desk, sighting(desk, due=milliseconds() - 1))
    assert review is not None
    assert desk.stores.reviews.get(review.review_id).status is ReviewStatus.EXPIRED
    assert desk.stores.sheets.take(desk.ids["rita"]) is None


def test_a_void_authorization_leaves_no_pictures_and_nobody(desk: Desk) -> None:
    new = sighting(desk)
    named = [replace(one, entry={"Face": {"FaceId": "face-1"}}) for one in new.candidates]
    review = opened(desk, replace(new, candidates=named))
    assert review is not None
    rate(desk, "rita", 3)
    assert desk.stores.found.erase(AUTHORIZATION) == [review.review_id]
    after = desk.stores.reviews.get(review.review_id)
    assert after.status is ReviewStatus.WITHDRAWN
    assert "face-1" not in json.dumps([dict(one.entry) for one in after.candidates])
    assert desk.stores.sheets.pictures(after) == {}
    assert desk.stores.sheets.take(desk.ids["rolf"]) is None


def test_a_void_authorization_erases_what_was_decided_too(desk: Desk) -> None:
    review = opened(desk, sighting(desk))
    assert review is not None
    rate(desk, "rita", 3)
    rate(desk, "rolf", 3)
    desk.stores.found.erase(AUTHORIZATION)
    after = desk.stores.reviews.get(review.review_id)
    assert {one.status for one in after.candidates} == {CandidateStatus.LEAD}
    assert {one.name for one in after.candidates} == {"1", "2"}
    assert desk.stores.sheets.pictures(after) == {}


def test_a_case_that_is_purged_ends_the_reviews_that_wait(desk: Desk) -> None:
    review = opened(desk, sighting(desk))
    assert review is not None
    with desk.database.write() as connection:
        purge_reviews(connection, desk.case)
    assert desk.stores.reviews.get(review.review_id).status is ReviewStatus.EXPIRED
    assert desk.stores.sheets.take(desk.ids["rita"]) is None


def test_an_authorization_that_stays_leaves_its_reviews_alone(desk: Desk) -> None:
    review = opened(desk, sighting(desk))
    assert review is not None
    assert desk.stores.found.erase("A-2026-000002") == []
    assert len(desk.stores.sheets.pictures(review)) == 3
