"""What ratings come to, and what an answer tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from tests.reviewing import ReviewOffice

from regard.errors import AccessDeniedException, ConflictException, ResourceNotFoundException
from regard.governance.examination.finding import find_all
from regard.governance.examination.states import CandidateStatus, settled
from regard.storage.clock import milliseconds
from regard.storage.schema import candidates, reviews

VALUES = st.integers(-3, 3)


@given(st.lists(VALUES, max_size=4), st.integers(1, 2))
def test_a_lead_has_as_many_ratings_of_2_or_more_as_there_are_reviewers(
    values: list[int], reviewers: int
) -> None:
    if settled(values, reviewers) is CandidateStatus.LEAD:
        assert sum(value >= 2 for value in values) >= reviewers


@given(st.lists(VALUES, max_size=1))
def test_one_rating_decides_nothing_where_two_must_agree(values: list[int]) -> None:
    assert settled(values, 2) is None


@given(st.lists(VALUES, min_size=3, max_size=3))
def test_three_ratings_decide(values: list[int]) -> None:
    assert settled(values, 2) is not None


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([2, 3], "LEAD"),
        ([-1, -3], "REJECTED"),
        ([3, -3], None),
        ([1, 1], None),
        ([0, -1], None),
        ([3, -3, 2], "LEAD"),
        ([3, -3, -1], "REJECTED"),
        ([3, -3, 0], "INCONCLUSIVE"),
        ([1, 1, 1], "INCONCLUSIVE"),
    ],
)
def test_ratings_come_to(values: list[int], status: str | None) -> None:
    assert settled(values, 2) == status


def test_one_reviewer_is_not_enough(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    assert office.rate("rita", 3)["Status"] == "RATED_1"
    assert office.status(review) == "PENDING_REVIEW"
    [match] = office.search(portrait).body["FaceMatches"]
    assert match["Face"]["ExternalImageId"].startswith("PENDING_REVIEW:")


def test_two_who_disagree_need_a_third(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    office.rate("rita", 3)
    assert office.rate("rolf", -3)["Status"] == "RATED_2"
    assert office.rate("rosa", 0)["Status"] == "DECIDED"
    assert office.status(review) == "INCONCLUSIVE"
    assert office.search(portrait).body["FaceMatches"] == []


def test_candidates_are_judged_one_by_one(office: ReviewOffice, portrait: Path) -> None:
    office.enrol(portrait, "again")
    review = office.review_of(office.search(portrait))
    office.rate("rita", [3, -3])
    office.rate("rolf", 0)
    office.rate("rosa", 0)
    found = office.call("get_review", office.ines, ReviewId=review)
    assert {one["Status"] for one in found["Candidates"]} == {"INCONCLUSIVE"}
    assert len(found["Ratings"]) == 6


def test_a_search_for_somebody_missing_takes_one_reviewer(
    shared_parts: object, portrait: Path, empty_office: ReviewOffice
) -> None:
    office = ReviewOffice(empty_office.parts, purpose="missing-person")
    office.gallery(portrait, collection="missing")
    released = office.search(portrait, "missing")
    office.rate("rita", 2)
    assert office.status(office.review_of(released)) == "LEAD"


def test_a_decided_review_tells_its_case_who_is_a_lead(office: ReviewOffice, portrait: Path) -> None:
    review, number = office.lead(portrait)
    found = office.call("get_review", office.ines, ReviewId=review)
    [one] = found["Candidates"]
    assert (one["Number"], one["Status"], one["ExternalImageId"]) == (number, "LEAD", "1-astronaut")
    assert one["Similarity"] > 99
    assert {rating["Value"] for rating in found["Ratings"]} == {2, 3}


def test_more_reviews_than_one_query_takes_are_found_with_their_candidates(
    office: ReviewOffice, portrait: Path
) -> None:
    office.review_of(office.search(portrait))
    with office.parts.database.write() as connection:
        mine = select(reviews).where(reviews.c.case_id == office.case_id)
        [row] = connection.execute(mine).mappings().all()
        its = select(candidates).where(candidates.c.review == row["row"])
        [one] = connection.execute(its).mappings().all()
        more = range(row["row"] + 1, row["row"] + 2001)
        of_reviews = [{**row, "row": n, "review_id": f"R-{n}", "asked": None} for n in more]
        connection.execute(insert(reviews), of_reviews)
        connection.execute(insert(candidates), [{**one, "review": n} for n in more])
        found = find_all(connection, reviews.c.case_id == office.case_id)
        connection.execute(delete(candidates).where(candidates.c.review > row["row"]))
        connection.execute(delete(reviews).where(reviews.c.row > row["row"]))
    assert len(found) == 2001
    assert all(len(review.candidates) == 1 for review in found)


def test_a_reviewer_is_never_told_who_it_was(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    [one] = office.call("get_review", office.reviewer("rita"), ReviewId=review)["Candidates"]
    assert not {"FaceId", "ExternalImageId"} & one.keys()


def test_a_review_is_nobody_else_s_to_see(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    office.person("olga", "investigator", trained="search")
    with pytest.raises(ResourceNotFoundException):
        office.call("get_review", office.key("olga", "investigator"), ReviewId=review)


def test_a_withdrawn_review_is_rated_no_more_and_its_probe_is_gone(
    office: ReviewOffice, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    office.call("withdraw_review", office.ines, ReviewId=review, Reason="the wrong picture")
    with pytest.raises(ResourceNotFoundException, match="nothing for you"):
        office.take("rita")
    with office.parts.database.read() as connection:
        query = select(reviews.c.probe_picture).where(reviews.c.review_id == review)
        assert connection.execute(query).scalar_one() is None


def test_who_withdraws_a_search_learns_no_more_by_making_it_again(
    office: ReviewOffice, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait, FaceMatchThreshold=99.5))
    for reviewer, value in (("rita", 3), ("rolf", -3)):
        office.rate(reviewer, value)
    office.call("withdraw_review", office.ines, ReviewId=review, Reason="another opinion")
    assert office.review_of(office.search(portrait, FaceMatchThreshold=99)) == review
    found = office.call("get_review", office.ines, ReviewId=review)
    assert (found["Status"], found["Threshold"]) == ("RATED_2", 99.5)
    with pytest.raises(ResourceNotFoundException, match="nothing for you"):
        office.take("rita")
    office.rate("rosa", -3)
    assert office.status(review) == "REJECTED"


def test_a_sheet_whose_review_is_withdrawn_meanwhile_can_t_be_rated(
    office: ReviewOffice, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    office.take("rita")
    office.call("withdraw_review", office.ines, ReviewId=review, Reason="the wrong picture")
    with pytest.raises(ResourceNotFoundException):
        office.call("get_review_sheet", office.reviewer("rita"), ReviewId=review)


def test_a_decided_review_is_not_withdrawn(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    with pytest.raises(ConflictException, match="is DECIDED"):
        office.call("withdraw_review", office.ines, ReviewId=review, Reason="never mind")


def test_a_review_that_waits_too_long_expires_and_the_log_says_so(
    office: ReviewOffice, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    with office.parts.database.write() as connection:
        month = 31 * 24 * 3_600_000
        connection.execute(update(reviews).values(opened=milliseconds() - month))
    assert office.call("get_review", office.ines, ReviewId=review)["Status"] == "EXPIRED"
    records = list(office.parts.audit.export())
    assert any(one["operation"] == "expire review" and one["review"] == review for one in records)
    with pytest.raises(ResourceNotFoundException):
        office.take("rita")


def test_an_approver_has_an_undecided_candidate_rated_anew_by_others(
    office: ReviewOffice, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    office.rate("rita", 3)
    office.rate("rolf", -3)
    office.rate("rosa", 0)
    office.call("reopen_review", office.approver(), ReviewId=review, Reason="a better print")
    assert office.status(review) == "PENDING_REVIEW"
    with pytest.raises(ResourceNotFoundException):
        office.take("rita")
    for name in ("remi", "ruth"):
        office.person(name, "reviewer", trained="review")
        office.rate(name, 3)
    assert office.status(review) == "LEAD"


def test_a_lead_of_long_ago_that_is_rated_anew_does_not_expire_at_once(
    office: ReviewOffice, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    with office.parts.database.write() as connection:
        connection.execute(update(reviews).values(opened=milliseconds() - 400 * 24 * 3_600_000))
    office.call("reopen_review", office.approver(), ReviewId=review, Reason="a better print")
    assert office.call("get_review", office.ines, ReviewId=review)["Status"] == "PENDING"
    with office.parts.database.write() as connection:
        connection.execute(update(reviews).values(due=milliseconds() - 1))
    assert office.call("get_review", office.ines, ReviewId=review)["Status"] == "EXPIRED"


def test_who_was_rejected_is_not_rated_anew(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    office.rate("rita", -3)
    office.rate("rolf", -3)
    with pytest.raises(ConflictException, match="nothing to rate anew"):
        office.call("reopen_review", office.approver(), ReviewId=review, Reason="look again")


def test_an_investigator_reopens_nothing(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    ines = office.verified(office.name("ines"), office.ines)
    with pytest.raises(AccessDeniedException, match="not authorized"):
        office.call("reopen_review", ines, ReviewId=review, Reason="look again")


def test_who_rated_does_not_reopen(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    office.call("set_roles", PersonId=office.name("rita"), Roles=["reviewer", "approver"])
    rita = office.verified(office.name("rita"), office.key("rita", "approver"))
    with pytest.raises(AccessDeniedException, match="somebody else does"):
        office.call("reopen_review", rita, ReviewId=review, Reason="look again")
