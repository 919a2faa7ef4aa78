"""Reviews after moderation, on either database: opened once, kept as they were."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.postgres import Place

from regard.errors import InvalidParameterException
from regard.governance.reviews import ModerationReview, ModerationReviews

REVIEW = ModerationReview(
    loop_name="loop-1",
    flow_definition="arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f",
    image_digest="d" * 64,
    reasons=["ConditionsEvaluation"],
    labels=[{"Name": "Explicit", "Confidence": 99.5, "ParentName": "", "TaxonomyLevel": 1}],
    classifiers=["FreeOfAdultContent"],
    request_id="r1",
)


def test_a_review_is_kept_as_it_was_opened(place: Place) -> None:
    ModerationReviews(place.open()).open(REVIEW)
    assert ModerationReviews(place.open()).page(limit=10) == [REVIEW]


def test_the_same_request_again_opens_no_second_review(place: Place) -> None:
    reviews = ModerationReviews(place.open())
    reviews.open(REVIEW)
    assert reviews.open(replace(REVIEW, request_id="r2", labels=[])) == REVIEW
    assert len(reviews.page(limit=10)) == 1


def test_many_at_once_open_one(place: Place) -> None:
    reviews = ModerationReviews(place.open())
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: reviews.open(REVIEW), range(6)))
    assert answers == [REVIEW] * 6
    assert len(reviews.page(limit=10)) == 1


@pytest.mark.parametrize("other", [{"image_digest": "e" * 64}, {"flow_definition": "arn:other"}])
def test_a_name_belongs_to_one_picture_and_flow(place: Place, other: dict[str, str]) -> None:
    reviews = ModerationReviews(place.open())
    reviews.open(REVIEW)
    with pytest.raises(InvalidParameterException, match="a human loop named loop-1 already"):
        reviews.open(replace(REVIEW, **other))
    reviews.open(replace(REVIEW, loop_name="loop-2", **other))
    assert [review.loop_name for review in reviews.page(limit=10)] == ["loop-1", "loop-2"]
