"""Each rule is broken by a forged log whose chain holds, and by nothing that the gate does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.governance.rules.conftest import Change, Installation, arn
from tests.responsible import Office
from tests.tampering import tamper

from regard.governance.people import caller_of
from regard.governance.rules.replay import RULES
from regard.governance.sign_in_log import SIGN_IN, SignInLog
from regard.storage.clock import milliseconds

VIDEO = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
LATER = timedelta(hours=1)


def later(record: dict[str, Any], hours: int = 1) -> None:
    """Makes a record one of a request that came later."""
    moved = datetime.fromisoformat(record["time"]) + hours * LATER
    record["time"] = moved.isoformat(timespec="milliseconds")


def allowed(**changes: Any) -> Change:
    """Makes the record of a refused request that of one that was answered an hour later."""

    def change(record: dict[str, Any]) -> None:
        record.update(outcome="ok", **changes)
        later(record)

    return change


def test_what_the_gate_does_and_refuses_breaks_no_rule(installation: Installation) -> None:
    one = installation
    one.call("create_collection", CollectionId="c", Tags={"regard:purpose": "access-control"})
    one.call("create_collection", CollectionId="d")
    one.call("tag_resource", ResourceArn=arn("d"), Tags={"regard:purpose": "media"})
    one.call("untag_resource", ResourceArn=arn("d"), TagKeys=["regard:purpose"])
    ann = one.key("ann", "operator")
    one.call("tag_resource", ann, ResourceArn=arn("d"), Tags={"regard:purpose": "research"})
    one.refused("untag_resource", ann, ResourceArn=arn("d"), TagKeys=["regard:purpose"])
    one.refused("search_faces", ann, CollectionId="c", FaceId="a" * 36, FaceMatchThreshold=50)
    bob = one.key("bob", "auditor")
    one.refused("create_collection", bob, CollectionId="e")
    one.call("suspend_key", KeyId=ann.key_id)
    one.refused("list_collections", one.caller(ann.key_id))
    one.call("resume_key", KeyId=ann.key_id)
    one.call("list_collections", one.caller(ann.key_id))
    one.call("start_label_detection", ann, Video=VIDEO)
    one.call("delete_collection", CollectionId="d")
    one.call("create_collection", CollectionId="d")
    one.parts.seals.seal_due()
    assert one.violations() == []
    assert one.unexplained() == []


def test_an_answer_to_a_suspended_key_breaks_the_rule(installation: Installation) -> None:
    ann = installation.key("ann", "operator")
    installation.call("suspend_key", KeyId=ann.key_id)
    installation.refused("list_collections", installation.caller(ann.key_id))
    installation.forge(installation.newest(), allowed())
    assert installation.broken() == {3: "suspension"}


def test_a_request_that_came_before_the_suspension_breaks_none(installation: Installation) -> None:
    ann = installation.key("ann", "operator")
    installation.call("suspend_key", KeyId=ann.key_id)
    installation.refused("list_collections", installation.caller(ann.key_id))
    installation.forge(installation.newest(), lambda record: record.update(outcome="ok"))
    assert installation.broken() == {}


def test_an_answer_beyond_the_role_breaks_the_rule(installation: Installation) -> None:
    ann = installation.key("ann", "auditor")
    installation.refused("create_collection", ann, CollectionId="c")
    installation.forge(2, allowed())
    assert installation.broken() == {2: "roles"}


def test_a_role_that_the_key_was_not_made_with_breaks_the_rule(installation: Installation) -> None:
    ann = installation.key("ann", "auditor")
    installation.refused("create_collection", ann, CollectionId="c")
    installation.forge(2, allowed(role="admin"))
    assert [one.sentence for one in installation.violations()] == [
        f"the key {ann.key_id} acted as admin; it was made as auditor by record 1"
    ]


def test_an_operation_that_there_is_not_breaks_the_rule(installation: Installation) -> None:
    installation.call("list_collections")
    installation.forge(1, lambda record: record.update(operation="ExportFaces"))
    assert installation.broken() == {1: "roles"}


def test_an_answer_that_the_key_s_policy_denies_breaks_the_rule(installation: Installation) -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "rekognition:*", '
        '"Resource": "arn:aws:rekognition:*:*:collection/mine"}]}'
    )
    ann = installation.key("ann", "operator", PolicyDocument=policy)
    installation.call("create_collection", ann, CollectionId="mine")
    installation.refused("create_collection", ann, CollectionId="other")
    assert installation.broken() == {}
    installation.forge(3, allowed(purpose_given=None))
    assert installation.broken() == {3: "policies"}


def test_a_person_who_is_there_acts_in_a_role_that_their_key_with_a_policy_has_not(
    installation: Installation,
) -> None:
    office = Office(installation.parts)
    office.person("nina", "reviewer", "privacy")
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "rekognition:*", '
        '"Resource": "*"}]}'
    )
    nina = installation.key("nina", "reviewer", Person="nina", PolicyDocument=policy)
    installation.call("list_feedback", office.verified("nina", nina))
    assert installation.broken() == {}


def test_a_key_that_no_record_tells_of_breaks_the_rule(installation: Installation) -> None:
    installation.call("list_collections")
    installation.forge(1, lambda record: record.update(key="RGRDSMUGGLED", role="operator"))
    assert installation.broken() == {1: "known keys"}


def test_a_threshold_below_the_floor_breaks_the_rule(installation: Installation) -> None:
    installation.call("create_collection", CollectionId="c", Tags={"regard:purpose": "access-control"})
    installation.refused("search_faces", CollectionId="c", FaceId="a" * 36, FaceMatchThreshold=50)
    installation.forge(2, allowed(threshold=50))
    assert installation.broken() == {2: "floor"}
    installation.forge(2, lambda record: record.update(operation="AssociateFaces", threshold=75))
    assert installation.broken() == {}  # which only keeps strangers out


def test_a_request_under_a_laxer_purpose_than_its_collection_s_breaks_the_rule(
    installation: Installation,
) -> None:
    installation.call("create_collection", CollectionId="c", Tags={"regard:purpose": "access-control"})
    installation.call("describe_collection", CollectionId="c")
    installation.forge(2, allowed(purpose="media"))
    assert installation.broken() == {2: "purposes"}


def test_a_request_under_a_laxer_purpose_than_its_key_s_breaks_the_rule(installation: Installation) -> None:
    ann = installation.key("ann", "operator", Purpose="access-control")
    installation.call("list_collections", ann)
    installation.forge(2, lambda record: record.update(purpose="general"))
    assert installation.broken() == {2: "purposes"}


def test_a_purpose_lowered_without_the_permission_breaks_the_rule(installation: Installation) -> None:
    ann = installation.key("ann", "operator")
    installation.call("create_collection", CollectionId="c", Tags={"regard:purpose": "access-control"})
    installation.refused("untag_resource", ann, ResourceArn=arn("c"), TagKeys=["regard:purpose"])
    installation.forge(3, allowed())
    assert installation.broken() == {3: "lowering"}


def test_a_job_that_nobody_started_breaks_the_rule(installation: Installation) -> None:
    installation.call("start_label_detection", Video=VIDEO)
    installation.forge(1, lambda record: record.update(stage="run", outcome="begun"))
    assert installation.broken() == {1: "jobs"}


def test_a_collection_that_nobody_made_breaks_the_rule(installation: Installation) -> None:
    installation.call("create_collection", CollectionId="c")
    installation.call("describe_collection", CollectionId="c")
    installation.forge(1, lambda record: record.update(operation="ListCollections", collection=None))
    assert installation.broken() == {2: "collections"}


def test_a_strict_search_without_person_case_and_training_breaks_the_rule(installation: Installation) -> None:
    installation.call("create_collection", CollectionId="c", Tags={"regard:purpose": "law-enforcement"})
    installation.refused("search_faces", CollectionId="c", FaceId="a" * 36)
    installation.forge(2, allowed(threshold=99))
    assert installation.broken() == {}  # nobody was ever there: an older version's log
    installation.forge(1, lambda record: record.update(person="P-2026-000001"))
    assert installation.broken() == {2: "responsibility"}
    installation.forge(2, lambda record: record.update(person="P-2026-000001"))
    assert [one.sentence for one in installation.violations()] == [
        "SearchFaces names no case under the purpose law-enforcement",
        "P-2026-000001 searched under the purpose law-enforcement, and had no valid training on "
        f"{datetime.now(UTC) + LATER:%Y-%m-%d}",
    ]


def test_a_log_that_was_cut_does_not_hold_a_hash_that_was_kept(installation: Installation) -> None:
    for _ in range(3):
        installation.call("list_collections")
    kept = installation.parts.audit.newest().hash
    assert installation.violations(kept) == []
    tamper(installation.database, "DELETE FROM audit WHERE sequence = 3")
    assert [one.rule for one in installation.violations(kept)] == ["known hash"]


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET record = replace(record, 'local', 'Local') WHERE sequence = 2", {2}),
        ("DELETE FROM audit WHERE sequence = 2", {3}),
        ("UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE sequence = 2", {2, 3}),
    ],
)
def test_a_broken_chain_is_told_with_the_record(
    installation: Installation, statement: str, broken: set[int]
) -> None:
    for _ in range(4):
        installation.call("list_jobs")
    tamper(installation.database, statement)
    assert {one.sequence for one in installation.violations() if one.rule == "chain"} == broken


def test_a_log_chained_anew_breaks_the_seals_in_it(installation: Installation) -> None:
    for _ in range(3):
        installation.call("list_collections")
    installation.parts.stores.seals.seal_due(datetime.now(UTC) + 24 * LATER)
    assert installation.broken() == {}
    installation.forge(2, lambda record: record.update(name="somebody else"))
    assert installation.broken() == {5: "seals"}


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "INSERT INTO keys (key_id, secret, name, role, purpose, created) "
            "VALUES ('RGRDSMUGGLED', 's', 'eve', 'admin', 'general', 1)",
            "No record says that the key RGRDSMUGGLED was made.",
        ),
        ("UPDATE keys SET role = 'admin'", "has the role admin and the purpose general; record 2 made it"),
        ("UPDATE keys SET suspended = NULL", "is active; record 3 suspends it."),
        ("UPDATE collections SET collection_id = 'x'", "No record says that the collection x was made."),
        ("UPDATE tags SET value = 'media'", "The collection c is for media; record 1 says access-control."),
        ("DELETE FROM tags", "The collection c is for general; record 1 says access-control."),
        ("UPDATE jobs SET job_id = 'x'", "No record says that the job x was started."),
        (
            "INSERT INTO people (person_id, name, roles, created) VALUES ('P-1', 'Eve', '[]', 1)",
            "No record says that the person P-1 was made.",
        ),
        ("UPDATE audit_days SET root = previous", "is not the one that the log tells of."),
        ("DELETE FROM audit_days", "is gone; its root was"),
    ],
)
def test_a_row_that_no_record_explains_is_reported(
    installation: Installation, statement: str, sentence: str
) -> None:
    one = installation
    one.call("create_collection", CollectionId="c", Tags={"regard:purpose": "access-control"})
    ann = one.key("ann", "operator")
    one.call("suspend_key", KeyId=ann.key_id)
    one.call("start_label_detection", Video=VIDEO)
    one.parts.stores.seals.seal_due(datetime.now(UTC) + 24 * LATER)
    assert one.unexplained() == []
    tamper(one.database, statement)
    [told] = one.unexplained()
    assert sentence in told


def test_every_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.says.endswith(".") and (rule.step or rule.end) for rule in RULES)


def test_who_signed_in_to_the_console_breaks_no_rule_and_who_did_not_does(
    installation: Installation,
) -> None:
    people = installation.parts.stores.accountability.people
    Office(installation.parts).person("nina", "reviewer", "privacy")
    nina = people.get("nina")
    installation.call("list_feedback", caller_of(nina, verified=milliseconds()))
    assert installation.broken() == {2: "known keys"}
    SignInLog(installation.parts.audit).done(SIGN_IN, nina, "127.0.0.1")
    installation.call("list_feedback", caller_of(nina, verified=milliseconds()))
    assert installation.broken() == {2: "known keys"}


def test_a_role_that_nobody_gave_a_person_breaks_the_rule(installation: Installation) -> None:
    Office(installation.parts).person("nina", "reviewer", "privacy")
    nina = installation.parts.stores.accountability.people.get("nina")
    SignInLog(installation.parts.audit).done(SIGN_IN, nina, "127.0.0.1")
    installation.call("list_feedback", caller_of(nina, verified=milliseconds()))
    installation.forge(3, lambda record: record.update(roles=["reviewer", "privacy", "auditor"]))
    assert installation.broken() == {3: "roles"}
