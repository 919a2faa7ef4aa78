from __future__ import annotations

import pytest

from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance import purpose
from regard.governance.purpose import CELEBRITY, FACE_MATCH, JOINING, SIMILARITY, USER_MATCH


@pytest.mark.parametrize("strict", ["law-enforcement", "access-control"])
def test_a_strict_purpose_raises_the_default_threshold_to_99(strict: str) -> None:
    for rule in (FACE_MATCH, USER_MATCH, SIMILARITY):
        assert rule.applied(None, strict) == 99.0


@pytest.mark.parametrize("threshold", [0, 80.0, 98.99])
def test_a_threshold_below_99_is_refused_and_says_why(threshold: float) -> None:
    with pytest.raises(
        InvalidParameterException, match="FaceMatchThreshold must be at least 99.0 .*law-enforcement"
    ):
        FACE_MATCH.applied(threshold, "law-enforcement")


def test_a_threshold_that_was_admitted_before_is_raised_instead() -> None:
    assert FACE_MATCH.applied(80.0, "law-enforcement", raised=True) == 99.0
    assert FACE_MATCH.applied(99.5, "law-enforcement", raised=True) == 99.5


def test_where_a_request_names_no_threshold_the_installations_applies() -> None:
    assert CELEBRITY.applied(95.0, "general") == 95
    assert CELEBRITY.applied(95.0, "law-enforcement") == 99.0
    assert CELEBRITY.applied(100.0, "access-control") == 100


@pytest.mark.parametrize("free", ["general", "missing-person", "media", "research"])
def test_other_purposes_leave_the_threshold_as_it_was(free: str) -> None:
    assert FACE_MATCH.applied(10.0, free) == 10.0
    assert FACE_MATCH.applied(None, free) == 80.0


@pytest.mark.parametrize("purpose_name", ["general", "law-enforcement"])
def test_a_face_joins_a_user_at_75_percent_under_every_purpose(purpose_name: str) -> None:
    for requested in (None, 75.0):
        assert JOINING.applied(requested, purpose_name) == 75.0


def test_a_strict_purpose_lets_no_face_join_a_user_below_75_percent() -> None:
    assert JOINING.applied(74.9, "general") == 74.9
    with pytest.raises(InvalidParameterException, match="UserMatchThreshold must be at least 75.0"):
        JOINING.applied(74.9, "access-control")


def test_a_purpose_is_raised_by_anyone_and_lowered_by_an_admin() -> None:
    purpose.check_change("general", "law-enforcement", may_lower=False)
    purpose.check_change("law-enforcement", "general", may_lower=True)
    with pytest.raises(AccessDeniedException):
        purpose.check_change("law-enforcement", "general", may_lower=False)


@pytest.mark.parametrize("key", ["Regard:Purpose", "regard:Purpose", " regard:purpose", "regard-purpose"])
def test_a_tag_that_only_looks_like_a_rule_is_refused(key: str) -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose"):
        purpose.check_tags({key: "law-enforcement"})
    purpose.check_tags({purpose.TAG: "law-enforcement", "Regarding": "x", "regard-number": "7"})


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose must be one of general, "):
        purpose.parse("fun")
