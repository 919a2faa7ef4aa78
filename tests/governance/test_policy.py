from __future__ import annotations

import pytest

from regard.caller import Caller
from regard.errors import RegardError
from regard.governance import policy
from regard.governance.policy import check_document
from regard.operations import OPERATIONS

ARN = "arn:aws:rekognition:us-east-1:000000000000:collection/"


PERMISSIONS = {f"rekognition:{one.name}": one.permission for one in OPERATIONS.values()}


def allows(caller: Caller, action: str, resource: str) -> bool:
    return policy.allows(caller, PERMISSIONS[action], action, resource)


def caller(*statements: dict[str, object], role: str = "operator") -> Caller:
    policy = {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
    return Caller("K", "k", role, policy and check_document(policy))


def allow(
    action: object = "rekognition:*", resource: object = "*", effect: str = "Allow"
) -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def test_a_role_without_a_policy_allows_what_the_role_may() -> None:
    assert allows(caller(), "rekognition:DeleteCollection", ARN + "a")
    assert allows(caller(role="investigator"), "rekognition:SearchFaces", ARN + "a")
    assert not allows(caller(role="investigator"), "rekognition:IndexFaces", ARN + "a")
    assert not allows(caller(role="auditor"), "rekognition:SearchFaces", ARN + "a")


def test_an_unknown_role_may_nothing() -> None:
    assert not allows(caller(role="king"), "rekognition:ListCollections", "*")


def test_a_policy_can_not_exceed_the_role() -> None:
    assert not allows(caller(allow(), role="auditor"), "rekognition:SearchFaces", ARN + "a")


def test_what_no_statement_allows_is_refused() -> None:
    only_search = caller(allow("rekognition:Search*"))
    assert allows(only_search, "rekognition:SearchFacesByImage", ARN + "a")
    assert not allows(only_search, "rekognition:IndexFaces", ARN + "a")


def test_resources_narrow_a_statement() -> None:
    one = caller(allow(resource=[ARN + "staff-*"]))
    assert allows(one, "rekognition:SearchFaces", ARN + "staff-1")
    assert not allows(one, "rekognition:SearchFaces", ARN + "guests")
    assert not allows(one, "rekognition:DetectFaces", "*")


def test_a_deny_wins_over_every_allow() -> None:
    denied = caller(allow(), allow("rekognition:DeleteCollection", effect="Deny"))
    assert allows(denied, "rekognition:SearchFaces", ARN + "a")
    assert not allows(denied, "rekognition:DeleteCollection", ARN + "a")


def test_actions_are_compared_without_case_and_resources_with() -> None:
    assert allows(caller(allow("REKOGNITION:searchfaces")), "rekognition:SearchFaces", ARN + "a")
    assert not allows(caller(allow(resource=ARN + "A")), "rekognition:SearchFaces", ARN + "a")


def test_not_action_and_not_resource_exclude() -> None:
    statement = {"Effect": "Allow", "NotAction": "rekognition:Delete*", "NotResource": ARN + "secret"}
    assert allows(caller(statement), "rekognition:SearchFaces", ARN + "a")
    assert not allows(caller(statement), "rekognition:DeleteFaces", ARN + "a")
    assert not allows(caller(statement), "rekognition:SearchFaces", ARN + "secret")


@pytest.mark.parametrize("place", ["eu-west-1:111122223333", "*:*", ":", "us-east-1:000000000000"])
def test_a_deny_holds_whatever_region_and_account_it_names(place: str) -> None:
    denied = caller(allow(), allow(resource=f"arn:aws:rekognition:{place}:collection/staff", effect="Deny"))
    assert not allows(denied, "rekognition:SearchFaces", ARN + "staff")
    assert allows(denied, "rekognition:SearchFaces", ARN + "guests")


def test_a_pattern_is_not_a_regular_expression() -> None:
    assert not allows(caller(allow(resource=ARN + "a.c")), "rekognition:SearchFaces", ARN + "abc")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"Version": "2008-10-17", "Statement": [allow()]},
        {"Version": "2012-10-17"},
        {"Version": "2012-10-17", "Statement": []},
        {"Version": "2012-10-17", "Statement": ["Allow"]},
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Version": "2012-10-17", "Statement": [{**allow(), "Effect": "Perhaps"}]},
        {"Version": "2012-10-17", "Statement": [{**allow(), "Condition": {"Bool": {}}}]},
        {"Version": "2012-10-17", "Statement": [allow(action=[3])]},
        {"Version": "2012-10-17", "Statement": [{**allow(), "NotAction": "x"}]},
        {"Version": "2012-10-17", "Statement": [allow()], "Extra": 1},
        {"Version": "2012-10-17", "Statement": [allow("SearchFaces")]},
        {"Version": "2012-10-17", "Statement": [allow("s3:GetObject")]},
        {"Version": "2012-10-17", "Statement": [allow(resource="staff")]},
        {"Version": "2012-10-17", "Statement": [allow(resource="aws:rekognition:::collection/staff")]},
    ],
)
def test_a_document_that_can_not_be_enforced_whole_is_refused(document: object) -> None:
    with pytest.raises(RegardError):
        check_document(document)
