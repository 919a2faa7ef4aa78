"""Whoever runs an installation passes the gate too, and nobody gets further than they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from regard.governance.permissions import ROLES
from regard.operations import OPERATIONS

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"},
    }
)


def holder(parts: Parts, role: str, **options: Any) -> Caller:
    return parts.keys.create(f"{role}-{len(parts.keys.all())}", role, **options).holder


def create(parts: Parts, caller: Caller = LOCAL, **request: Any) -> dict[str, Any]:
    return parts.gate.call("create_key", {"Name": f"k{len(parts.keys.all())}", **request}, caller)


def test_a_key_that_was_made_is_found_with_its_secret(parts: Parts) -> None:
    made = create(parts, Name="ann", Role="investigator", Purpose="media", PolicyDocument=POLICY)
    key = parts.keys.find(made["KeyId"])
    assert key is not None
    assert (key.secret, key.name, key.role) == (made["SecretAccessKey"], "ann", "investigator")
    assert (key.purpose, key.policy) == ("media", json.loads(POLICY))


@pytest.mark.parametrize("role", ROLES)
def test_an_operators_key_makes_every_key_but_an_admins(parts: Parts, role: str) -> None:
    operator = holder(parts, "operator")
    if role == "admin":
        with pytest.raises(AccessDeniedException, match="may do what the role operator may not"):
            create(parts, operator, Role=role)
    else:
        assert create(parts, operator, Role=role)["Role"] == role


@pytest.mark.parametrize("role", ["investigator", "reviewer", "auditor"])
def test_others_make_no_key(parts: Parts, role: str) -> None:
    for call in (
        lambda caller: create(parts, caller, Role=role),
        lambda caller: parts.gate.call("list_keys", {}, caller),
    ):
        with pytest.raises(AccessDeniedException):
            call(holder(parts, role))


def test_an_operator_can_neither_suspend_nor_resume_an_admin(parts: Parts) -> None:
    admin, operator = holder(parts, "admin"), holder(parts, "operator")
    for operation in ("suspend_key", "resume_key"):
        with pytest.raises(AccessDeniedException):
            parts.gate.call(operation, {"KeyId": admin.key_id}, operator)
    key = parts.keys.find(admin.key_id)
    assert key is not None
    assert key.suspended is None


def test_a_key_with_a_policy_makes_none_that_is_free_of_it(parts: Parts) -> None:
    narrowed = holder(parts, "operator", policy=json.loads(POLICY))
    with pytest.raises(AccessDeniedException, match="policy of its own"):
        create(parts, narrowed)


def test_a_key_of_a_purpose_makes_none_for_a_less_strict_one(parts: Parts) -> None:
    strict = holder(parts, "operator", purpose="law-enforcement")
    with pytest.raises(AccessDeniedException, match="less strict"):
        create(parts, strict, Purpose="general")
    assert create(parts, strict)["Purpose"] == "law-enforcement"


def test_a_suspended_key_is_refused_until_it_is_resumed(parts: Parts) -> None:
    caller = holder(parts, "operator")
    parts.gate.call("suspend_key", {"KeyId": caller.key_id}, LOCAL)
    stopped = parts.keys.find(caller.key_id)
    assert stopped is not None
    with pytest.raises(AccessDeniedException):
        parts.gate.call("list_collections", {}, stopped.holder)
    assert "Suspended" not in parts.gate.call("resume_key", {"KeyId": caller.key_id}, LOCAL)


@pytest.mark.parametrize(
    "request_",
    [
        {"Name": "a b"},
        {"Role": "king"},
        {"Purpose": "fun"},
        {"PolicyDocument": "{"},
        {"PolicyDocument": "[" * 100_000},
        {"PolicyDocument": "{}"},
    ],
)
def test_what_no_key_can_be_is_refused(parts: Parts, request_: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterException):
        create(parts, **request_)
    assert parts.keys.all() == []


def test_two_keys_have_two_names(parts: Parts) -> None:
    create(parts, Name="ann")
    with pytest.raises(ResourceAlreadyExistsException):
        create(parts, Name="ann")


def test_a_key_that_is_not_there_is_said_to_be_missing(parts: Parts) -> None:
    with pytest.raises(ResourceNotFoundException, match="There is no key none"):
        parts.gate.call("suspend_key", {"KeyId": "none"}, LOCAL)


def test_keys_are_listed_in_pages_without_their_secrets(parts: Parts) -> None:
    made = [create(parts) for _ in range(3)]
    first = parts.gate.call("list_keys", {"MaxResults": 2}, LOCAL)
    rest = parts.gate.call("list_keys", {"MaxResults": 2, "NextToken": first["NextToken"]}, LOCAL)
    listed = first["Keys"] + rest["Keys"]
    assert [key["KeyId"] for key in listed] == [key["KeyId"] for key in made]
    assert not any(key["SecretAccessKey"] in repr(listed) for key in made)


def test_the_log_names_a_key_that_was_made_and_never_its_secret(parts: Parts) -> None:
    made = create(parts, Name="ann", Role="auditor")
    record = list(parts.audit.export())[-1]
    assert (record["operation"], record["facts"]["KeyId"]) == ("CreateKey", made["KeyId"])
    assert record["facts"]["Role"] == "auditor"
    assert made["SecretAccessKey"] not in json.dumps(record)


def test_a_refused_key_is_in_the_log_with_what_was_asked_for(parts: Parts) -> None:
    with pytest.raises(AccessDeniedException):
        create(parts, holder(parts, "operator"), Name="boss", Role="admin")
    record = list(parts.audit.export())[-1]
    assert (record["outcome"], record["facts"]) == (
        "AccessDeniedException",
        {"Name": "boss", "Role": "admin"},
    )


def test_an_auditor_reads_the_log_page_by_page_and_verifies_it(parts: Parts) -> None:
    for n in range(5):
        create(parts, Name=f"n{n}")
    auditor = holder(parts, "auditor")
    page = parts.gate.call("list_audit_records", {"MaxResults": 3}, auditor)
    more = parts.gate.call("list_audit_records", {"NextToken": page["NextToken"]}, auditor)
    assert [one["Sequence"] for one in page["Records"] + more["Records"]] == [1, 2, 3, 4, 5, 6]
    assert parts.gate.call("verify_audit_log", {}, auditor)["Intact"]
    with pytest.raises(AccessDeniedException):
        parts.gate.call("list_audit_records", {}, holder(parts, "investigator"))


@pytest.mark.parametrize("operation", sorted(key for key, one in OPERATIONS.items() if one.is_local))
def test_what_names_files_is_for_the_command_line_alone(parts: Parts, operation: str, tmp_path: Path) -> None:
    request = {"File": tmp_path / "x", "Replace": True, "CollectionId": "c"}
    with pytest.raises(AccessDeniedException, match="command line"):
        parts.gate.call(operation, request, holder(parts, "admin"))
