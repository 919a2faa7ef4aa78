"""A purpose of the whole installation holds for what is enrolled anew as something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.responsible import Office

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException, InvalidParameterException
from regard.settings import Settings

FACE = "7f4c0a4e-4a2b-4b57-8bb8-7f3ad4f6f001"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Parts]:
    """An installation for law enforcement; no model is needed."""
    made = build(Settings.load({}, data=tmp_path / "data", site_purpose="law-enforcement"), has_models=False)
    yield made
    made.close()


def make(office: Office, collection: str) -> Caller:
    """Otto makes a collection without saying what for; answers his key."""
    office.person("otto", "operator")
    otto = office.key("otto", "operator")
    office.call("create_collection", otto, CollectionId=collection)
    return otto


def test_a_gallery_that_is_copied_as_general_is_searched_under_the_strict_rules_all_the_same(
    site: Parts,
) -> None:
    office = Office(site)
    make(office, "copy")
    request = {"CollectionId": "copy", "FaceId": FACE}
    with pytest.raises(AccessDeniedException):  # nobody answers for it
        office.call("search_faces", LOCAL, **request)
    office.person("ines", "investigator", trained="search")
    ines = office.key("ines", "investigator")
    with pytest.raises(AccessDeniedException, match="case"):
        office.call("search_faces", ines, **request)
    with pytest.raises(InvalidParameterException, match="99"):
        office.call("search_faces", ines, office.case(ines), FaceMatchThreshold=80, **request)


def test_who_enrols_into_the_copy_does_not_search_it(site: Parts) -> None:
    office = Office(site)
    otto = make(office, "copy")
    with pytest.raises(AccessDeniedException, match="it takes the role investigator"):
        office.call("search_faces", otto, CollectionId="copy", FaceId=FACE)


def test_a_clock_that_was_set_back_searches_nothing(site: Parts) -> None:
    office = Office(site)
    make(office, "wanted")
    office.person("ines", "investigator", trained="search")
    ines = office.key("ines", "investigator")
    case = office.case(ines)
    ahead = datetime.now(UTC) + timedelta(minutes=6)
    site.audit.append({"time": ahead.isoformat(timespec="milliseconds"), "operation": "some act"})
    with pytest.raises(AccessDeniedException, match="behind the newest record"):
        office.call("search_faces", ines, case, CollectionId="wanted", FaceId=FACE)
