"""The pictures of a lead are for whom the review tells who it is, and of nobody else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from tests.reviewing import ReviewOffice

from regard.caller import Caller
from regard.errors import ResourceNotFoundException


def picture(office: ReviewOffice, caller: Caller, review: str, number: int) -> bytes:
    return bytes(office.call("get_lead_picture", caller, ReviewId=review, Number=number)["Picture"])


def test_who_searched_and_who_approves_see_probe_and_lead(office: ReviewOffice, portrait: Path) -> None:
    review, number = office.lead(portrait)
    for caller in (office.ines, office.approver()):
        for shown in (0, number):
            content = picture(office, caller, review, shown)
            assert Image.open(io.BytesIO(content)).size == (400, 400)


def test_who_rated_sees_no_lead(office: ReviewOffice, portrait: Path) -> None:
    review, number = office.lead(portrait)
    with pytest.raises(ResourceNotFoundException):
        picture(office, office.reviewer("rita"), review, number)


@pytest.mark.parametrize("value", [None, -3])
def test_there_is_none_before_the_ratings_and_of_who_was_rejected(
    office: ReviewOffice, portrait: Path, value: int | None
) -> None:
    review = office.review_of(office.search(portrait))
    if value is not None:
        office.rate("rita", value)
        office.rate("rolf", value)
    for number in (0, 1):
        with pytest.raises(ResourceNotFoundException):
            picture(office, office.ines, review, number)


def test_a_review_says_what_its_threshold_means_in_its_gallery(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    found = office.call("get_review", office.ines, ReviewId=review)
    assert found["GallerySize"] == 2
    assert 0 < found["FalseMatchRate"] < 1e-5
