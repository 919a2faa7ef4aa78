"""Whoever is erased is a candidate no more."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from tests.reviewing import ReviewOffice

from regard.storage.schema import candidates


def erase_everybody(office: ReviewOffice) -> None:
    faces = office.call("list_faces", CollectionId="wanted")["Faces"]
    office.call(
        "delete_faces", office.otto, CollectionId="wanted", FaceIds=[face["FaceId"] for face in faces]
    )


def test_a_review_tells_no_more_who_a_lead_was_whose_face_was_erased(
    office: ReviewOffice, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    erase_everybody(office)
    [one] = office.call("get_review", office.ines, ReviewId=review)["Candidates"]
    assert one["Status"] == "LEAD"
    assert not {"FaceId", "ExternalImageId"} & one.keys()


def test_who_was_erased_is_forgotten_by_the_upkeep(office: ReviewOffice, portrait: Path) -> None:
    office.lead(portrait)
    erase_everybody(office)
    office.parts.upkeep.run_due()
    with office.parts.database.read() as connection:
        assert set(connection.execute(select(candidates.c.entry)).scalars()) == {"{}"}


def test_whoever_is_enrolled_is_not_forgotten(office: ReviewOffice, portrait: Path) -> None:
    office.lead(portrait)
    office.parts.upkeep.run_due()
    assert len(office.search(portrait).body["FaceMatches"]) == 1
