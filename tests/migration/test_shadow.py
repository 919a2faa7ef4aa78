"""`regard serve --shadow`: requests are asked elsewhere too, and nobody waits for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.cli.shadowing import price_list
from regard.errors import RegardError
from regard.metering.prices import find_price_list
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.breaker import ShadowBreaker
from regard.migration.shadow.budget import ShadowBudget
from regard.migration.shadow.exchange import ShadowService
from regard.migration.shadow.journal import ComparisonJournal
from regard.migration.shadow.options import ShadowOptions
from regard.migration.shadow.report import ShadowReport
from regard.migration.shadow.rules import LeavingRules
from regard.migration.shadow.shadow import Shadow
from tests.conftest import Server
from tests.migration.faulty import BROKEN, EXPIRED, THROTTLED, FaultyAws, faulty_aws
from tests.waiting import wait_until

House = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(server: Server) -> Iterator[FaultyAws]:
    with faulty_aws(server.endpoint) as before:
        yield before


@pytest.fixture
def house(parts: Parts, server: Server, aws: FaultyAws) -> House:
    """Opens a shadow of these parts, whose service is the other server; share 1 unless told otherwise."""

    @contextmanager
    def opened(*, budget: str = "1", **options: Any) -> Iterator[Shadow]:
        aws.always = None
        aws.asked.clear()
        session = boto3.Session(server.key_id, server.secret, region_name="us-east-1")
        shadow = Shadow(
            ShadowService(aws.endpoint, session.get_credentials(), "us-east-1"),
            ShadowBudget(find_price_list("aws-us-east-1-2026"), Decimal(budget)),
            LeavingRules(parts.stores.collections, parts.stores.privacy.faces, "general", {"photos"}),
            ComparisonJournal(parts.settings.data),
            parts.gate.declared,
            ShadowOptions(**{"share": 1.0} | options),
        )
        try:
            yield shadow
        finally:
            aws.held.set()
            shadow.close()

    return opened


@pytest.fixture(scope="module")
def answered(server: Server, portrait: Path) -> Callable[..., AnsweredRequest]:
    """A request with the portrait that Regard has answered, as its endpoint tells of it."""
    sent: dict[str, bytes] = {}
    client = server.client()
    client.meta.events.register(
        "before-send.rekognition.*", lambda request, **_: sent.update(body=request.body)
    )
    raw: dict[str, bytes] = {}
    client.meta.events.register(
        "before-parse.rekognition.*", lambda response_dict, **_: raw.update(body=response_dict["body"])
    )
    client.detect_faces(Image={"Bytes": portrait.read_bytes()}, Attributes=["ALL"])

    def made(operation: str = "DetectFaces", caller: Caller = LOCAL, **extra: Any) -> AnsweredRequest:
        body = json.dumps({**json.loads(sent["body"]), **extra}).encode()
        return AnsweredRequest(operation, body, caller, "request-1", 200, None, raw["body"], 0.1)

    return made


def entries(parts: Parts) -> list[dict[str, Any]]:
    return list(ComparisonJournal(parts.settings.data).entries())


def test_both_answers_are_compared_by_numbers_alone(
    parts: Parts, house: House, answered: Callable[..., AnsweredRequest]
) -> None:
    with house() as shadow:
        assert shadow.answered(answered()) is None
        wait_until(lambda: entries(parts))
    [entry] = entries(parts)
    assert (entry["operation"], entry["request"], entry["differs"]) == ("DetectFaces", "request-1", 0)
    [pair] = entry["compared"]["faces"]["pairs"]
    assert (pair["iou"], pair["gender"], pair["emotion"], pair["landmarks"]) == (1, True, True, 0)
    assert entry["compared"]["shape"] == {"missing": [], "extra": [], "types": []}
    assert len(json.dumps(entry)) < 1000


def test_the_answer_never_waits_and_what_is_too_many_is_dropped_and_counted(
    house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    request = answered(operation="DetectLabels")  # held there, and so never compared
    small = AnsweredRequest(request.operation, b"{}", LOCAL, "r", 200, None, b"{}", 0.1)
    with house() as shadow:
        aws.held.clear()
        for _ in range(2):
            shadow.answered(small)
        wait_until(lambda: len(aws.asked) == 2)  # both threads wait for the service
        for _ in range(1005):
            assert shadow.answered(small) is None
        assert len(aws.asked) == 2
        assert shadow.counts == {"dropped": 5}


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (THROTTLED, 400, "ThrottlingException"),
        (BROKEN, 500, "InternalServerError"),
        (EXPIRED, 400, "ExpiredTokenException"),
    ],
)
def test_a_fault_there_is_written_down_and_answered_from_here(
    parts: Parts,
    house: House,
    aws: FaultyAws,
    answered: Callable[..., AnsweredRequest],
    fault: Any,
    status: int,
    error: str,
) -> None:
    with house(answers=True) as shadow:
        aws.always = fault
        assert shadow.answered(answered()) is None
    [entry] = entries(parts)
    assert (entry["there"]["status"], entry["there"]["error"], entry["differs"]) == (status, error, 1)


def test_a_service_that_is_not_reached_is_counted(
    parts: Parts, house: House, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True) as shadow:
        shadow._service.endpoint = "http://127.0.0.1:9"
        assert shadow.answered(answered()) is None
    assert ShadowReport.of(entries(parts)).counts == {"not reached": 1}


def test_at_the_end_of_the_budget_nothing_is_asked(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True, budget="0.0025") as shadow:  # two images at a tenth of a cent, not three
        given = [shadow.answered(answered()) for _ in range(4)]
    assert [answer is not None for answer in given] == [True, True, False, False]
    assert len(aws.asked) == 2
    assert ComparisonJournal(parts.settings.data).spent() == Decimal("0.002")
    assert ShadowReport.of(entries(parts)).counts == {"budget spent": 2}


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"regard:purpose": "missing-person"}, "strict purpose"),
        ({"regard:consent": "required"}, "consent"),
        (None, "no such collection"),
    ],
)
def test_a_collection_that_protects_its_people_stays_in_the_house(
    parts: Parts,
    house: House,
    aws: FaultyAws,
    answered: Callable[..., AnsweredRequest],
    tags: dict[str, str] | None,
    reason: str,
) -> None:
    if tags is not None:
        parts.gate.call("create_collection", {"CollectionId": "kept", "Tags": tags}, LOCAL)
    with house(answers=True) as shadow:
        assert shadow.answered(answered("SearchFacesByImage", CollectionId="kept")) is None
    assert aws.asked == []
    assert ShadowReport.of(entries(parts)).counts == {reason: 1}


def test_neither_does_a_key_for_a_strict_purpose_nor_a_bucket_of_this_machine(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    strict = Caller(key_id="k", name="k", role="investigator", purpose="law-enforcement")
    here = {"S3Object": {"Bucket": "photos", "Name": "astronaut.jpg"}}
    with house(answers=True) as shadow:
        shadow.answered(answered(caller=strict))
        shadow.answered(answered(Image=here))
        wait_until(lambda: sum(shadow.counts.values()) == 2)
    assert aws.asked == []
    assert ShadowReport.of(entries(parts)).counts == {
        "strict purpose": 1,
        "picture in a bucket of this machine": 1,
    }


def test_an_installation_for_a_strict_purpose_has_no_shadow(parts: Parts) -> None:
    stores = parts.stores
    with pytest.raises(RegardError, match="its pictures don't leave the house"):
        LeavingRules(stores.collections, stores.privacy.faces, "law-enforcement", set())


def test_what_was_refused_here_is_not_asked_there(
    house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True) as shadow:
        request = answered()
        for operation, status, error in (
            ("DetectFaces", 400, "AccessDeniedException"),
            ("DetectFaces", 400, "ThrottlingException"),
            ("IndexFaces", 200, None),
        ):
            denied = AnsweredRequest(operation, request.body, LOCAL, "r", status, error, b"{}", 0.1)
            assert shadow.answered(denied) is None
    assert aws.asked == []


def test_digests_of_pictures_are_kept_where_that_is_wanted(
    parts: Parts, house: House, portrait: Path, answered: Callable[..., AnsweredRequest]
) -> None:
    request = answered()
    nobody = replace(request, answer=b'{"FaceDetails":[]}')
    with house(answers=True, keep_disagreements=True) as shadow:
        shadow.answered(nobody)
    with house(answers=True) as shadow:
        shadow.answered(nobody)
    first, second = entries(parts)
    assert first["pictures"] == [hashlib.sha256(portrait.read_bytes()).hexdigest()]
    assert "pictures" not in second
    assert ShadowReport.of([first]).disagreements == [("request-1", "DetectFaces", 1.0)]


@pytest.mark.parametrize("purpose", ["access-control", "law-enforcement"])
def test_where_matches_have_a_floor_clients_get_regards_own_answer(
    parts: Parts,
    house: House,
    answered: Callable[..., AnsweredRequest],
    purpose: str,
) -> None:
    key = Caller(key_id="k", name="k", role="admin", purpose=purpose)
    tags = {"regard:purpose": "access-control"}
    parts.gate.call("create_collection", {"CollectionId": "doors", "Tags": tags}, LOCAL)
    with house(answers=True) as shadow:
        assert shadow.answered(answered("CompareFaces", caller=key)) is None
        assert shadow.answered(answered("SearchFacesByImage", CollectionId="doors")) is None


def test_the_threshold_that_is_written_down_is_the_one_that_was_applied_here(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    tags = {"regard:purpose": "access-control"}
    parts.gate.call("create_collection", {"CollectionId": "doors", "Tags": tags}, LOCAL)
    own = replace(answered("SearchFacesByImage", CollectionId="doors"), answer=b'{"FaceMatches":[]}')
    with house() as shadow:
        match = {"Similarity": 90.0, "Face": {"FaceId": "f"}}
        aws.always = 200, {"FaceMatches": [match]}
        shadow.answered(own)
        wait_until(lambda: entries(parts))
    [entry] = entries(parts)
    assert (entry["compared"]["search"]["threshold"], entry["compared"]["search"]["there"]) == (99.0, [])


@pytest.mark.parametrize("status", [200, 400, 403, 429])
def test_what_something_between_answers_is_no_answer(
    house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest], status: int
) -> None:
    with house(answers=True) as shadow:
        aws.always = status, ["a proxy's page"]
        assert shadow.answered(answered()) is None


def test_what_regard_has_answered_is_not_refused_by_the_other(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True) as shadow:
        aws.always = 400, {"__type": "InvalidParameterException"}
        assert shadow.answered(answered()) is None
        aws.always = None
        assert shadow.answered(answered()) is not None
    assert [entry["answered_from"] for entry in entries(parts)] == ["here", "there"]


def test_what_an_answer_has_cost_is_written_down_where_it_cannot_be_compared(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True) as shadow:
        aws.always = 200, {"FaceDetails": ["no face"]}
        assert shadow.answered(answered()) is not None
    assert ComparisonJournal(parts.settings.data).spent() == Decimal("0.001")
    assert ShadowReport.of(entries(parts)).counts == {"failed": 1}


def test_a_region_without_a_price_list_takes_one() -> None:
    with pytest.raises(RegardError, match="no list of AWS's prices in eu-west-1"):
        price_list(None, "eu-west-1")
    assert price_list("aws-us-east-1-2026", "eu-west-1") == price_list(None, "us-east-1")


def test_a_service_that_fails_in_a_row_is_left_alone(
    parts: Parts, house: House, aws: FaultyAws, answered: Callable[..., AnsweredRequest]
) -> None:
    with house(answers=True) as shadow:
        aws.always = BROKEN
        for _ in range(7):
            shadow.answered(answered())
    assert len(aws.asked) == 5
    assert ShadowReport.of(entries(parts)).counts["not asked after failures in a row"] == 2


def test_after_its_rest_a_service_is_tried_by_one_request() -> None:
    breaker = ShadowBreaker(failures=1, rest=0.0)
    breaker.note(failed=True)
    assert breaker.allows()
    resting = ShadowBreaker(failures=1)
    resting.note(failed=True)
    assert not resting.allows()
    resting.note(failed=False)
    assert resting.allows()
