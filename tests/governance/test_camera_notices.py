"""A camera starts to see faces by a notice that names it, or under a covert warrant."""

from __future__ import annotations

import pytest
from tests.authorizing import DAY, START, Clock, person_of
from tests.postgres import Place

from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.authorizations.records import Grant
from regard.governance.camera_notices import CameraNotice, CameraNotices, Covers, NewNotice

OPEN = Grant(authorization_id="A-2026-000001", covert=False, faces=None)
COVERT = Grant(authorization_id="A-2026-000002", covert=True, faces=None)


class Town:
    def __init__(self, place: Place) -> None:
        database = place.open()
        self.notices = CameraNotices(database, Clock())
        self.paula = person_of(database, "paula", "privacy")

    def post(
        self, *covers: Covers, camera: str = "gate-1", text: str = "Faces are searched here."
    ) -> CameraNotice:
        new = NewNotice(camera_id=camera, language="en", text=text, covers=covers, posted=START - DAY)
        return self.notices.put(new, self.paula)


@pytest.fixture
def town(place: Place) -> Town:
    return Town(place)


def test_a_camera_without_a_notice_does_not_start(town: Town) -> None:
    town.post(Covers.FACE_SEARCH, camera="gate-2")
    for grant in (OPEN, None):
        with pytest.raises(AccessDeniedException, match="No notice beside the camera gate-1"):
            town.notices.check("gate-1", [Covers.FACE_SEARCH], grant)


def test_a_camera_starts_with_a_notice_that_names_what_it_does(town: Town) -> None:
    town.post(Covers.FACE_SEARCH)
    town.notices.check("gate-1", [Covers.FACE_SEARCH], OPEN)


def test_attributes_are_named_on_the_notice_before_they_are_estimated(town: Town) -> None:
    town.post(Covers.FACE_SEARCH)
    both = [Covers.FACE_SEARCH, Covers.ATTRIBUTES]
    with pytest.raises(AccessDeniedException, match="tells people of ATTRIBUTES"):
        town.notices.check("gate-1", both, OPEN)
    town.post(*both)
    town.notices.check("gate-1", both, OPEN)


def test_a_covert_warrant_takes_no_notice(town: Town) -> None:
    town.notices.check("gate-1", [Covers.FACE_SEARCH], COVERT)


def test_another_text_is_another_version_and_the_newest_holds(town: Town) -> None:
    town.post(Covers.FACE_SEARCH, Covers.ATTRIBUTES)
    town.post(Covers.FACE_SEARCH, text="Only faces.")
    town.post(Covers.FACE_SEARCH, camera="gate-0")
    assert [(one.camera_id, one.version, one.text) for one in town.notices.all()] == [
        ("gate-0", 1, "Faces are searched here."),
        ("gate-1", 2, "Only faces."),
    ]
    with pytest.raises(AccessDeniedException):
        town.notices.check("gate-1", [Covers.ATTRIBUTES], OPEN)


def test_a_notice_is_recorded_once_it_hangs(town: Town) -> None:
    new = NewNotice(
        camera_id="gate-1", language="en", text="Soon.", covers=[Covers.FACE_SEARCH], posted=START + 60_000
    )
    with pytest.raises(InvalidParameterException, match="PostedAt lies in the future"):
        town.notices.put(new, town.paula)
