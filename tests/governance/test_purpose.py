from __future__ import annotations

import pytest

from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance import purpose


@pytest.mark.parametrize("strict", ["law-enforcement", "access-control"])
def test_a_strict_purpose_raises_the_default_threshold_to_99(strict: str) -> None:
    assert purpose.with_threshold("search_faces", {}, strict) == {"FaceMatchThreshold": 99.0}
    assert purpose.with_threshold("compare_faces", {}, strict) == {"SimilarityThreshold": 99.0}
    assert purpose.with_threshold("search_users", {}, strict) == {"UserMatchThreshold": 99.0}


@pytest.mark.parametrize("threshold", [0, 80.0, 98.99])
def test_a_threshold_below_99_is_refused_and_says_why(threshold: float) -> None:
    with pytest.raises(
        InvalidParameterException, match="FaceMatchThreshold must be at least 99.0 .*law-enforcement"
    ):
        purpose.with_threshold("search_faces", {"FaceMatchThreshold": threshold}, "law-enforcement")


def test_where_a_request_names_no_threshold_the_installations_applies() -> None:
    settled = purpose.settled_threshold
    assert settled("recognize_celebrities", 95, "general") == 95
    assert settled("recognize_celebrities", 95, "law-enforcement") == 99.0
    assert settled("recognize_celebrities", 100, "access-control") == 100
    assert settled("search_faces", 95, "law-enforcement") is None


@pytest.mark.parametrize("free", ["general", "missing-person", "media", "research"])
def test_other_purposes_leave_the_request_as_it_was(free: str) -> None:
    request = {"FaceMatchThreshold": 10.0}
    assert purpose.with_threshold("search_faces", request, free) == request
    assert purpose.with_threshold("search_faces", {}, free) == {"FaceMatchThreshold": 80.0}


@pytest.mark.parametrize("purpose_name", ["general", "law-enforcement"])
def test_a_face_joins_a_user_at_75_percent_under_every_purpose(purpose_name: str) -> None:
    for request in ({}, {"UserMatchThreshold": 75.0}):
        applied = purpose.with_threshold("associate_faces", request, purpose_name)
        assert applied == {"UserMatchThreshold": 75.0}


def test_a_strict_purpose_lets_no_face_join_a_user_below_75_percent() -> None:
    request = {"UserMatchThreshold": 74.9}
    assert purpose.with_threshold("associate_faces", request, "general") == request
    with pytest.raises(InvalidParameterException, match="UserMatchThreshold must be at least 75.0"):
        purpose.with_threshold("associate_faces", request, "access-control")


def test_operations_that_match_nothing_have_no_threshold() -> None:
    assert purpose.with_threshold("index_faces", {}, "law-enforcement") == {}


def test_a_purpose_is_raised_by_anyone_and_lowered_by_an_admin() -> None:
    purpose.check_change("general", "law-enforcement", admin=False)
    purpose.check_change("law-enforcement", "general", admin=True)
    with pytest.raises(AccessDeniedException):
        purpose.check_change("law-enforcement", "general", admin=False)


@pytest.mark.parametrize("key", ["Regard:Purpose", "regard:Purpose", " regard:purpose", "regard-purpose"])
def test_a_tag_that_only_looks_like_a_rule_is_refused(key: str) -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose"):
        purpose.check_tags({key: "law-enforcement"})
    purpose.check_tags({purpose.TAG: "law-enforcement", "Regarding": "x", "regard-number": "7"})


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose must be one of general, "):
        purpose.parse("fun")
