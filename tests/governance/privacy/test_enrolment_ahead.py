"""Which pictures machines may see before IndexFaces is asked to enrol them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import Any

import pytest
from tests.governance.privacy.conftest import Clinic
from tests.responsible import Office
from tests.scenes import PICTURES

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException
from regard.operations.collections.enrolment_task import EnrolmentTask

PEOPLE = ("anna", "ben", "cleo", "dora", "emil", "fay")


class Noting:
    """Machines that see nothing, and note which pictures they were handed."""

    slots, grain = 1, 2

    def __init__(self) -> None:
        self.handed: list[str] = []

    def results(self, tasks: Iterable[Any]) -> Generator[Any]:
        for task in tasks:
            assert isinstance(task, EnrolmentTask)
            self.handed += [key for _, key in task.pictures]
            yield [None] * len(task.pictures)


def requests(collection: str) -> list[dict[str, Any]]:
    return [
        {
            "CollectionId": collection,
            "ExternalImageId": name,
            "Image": {"S3Object": {"Bucket": "shared", "Name": name}},
        }
        for name in PEOPLE
    ]


def handed(
    parts: Parts, collection: str, caller: Caller = LOCAL, opened: Callable[[int], bool] | None = None
) -> list[str]:
    machines = Noting()
    for number, pictures in enumerate(parts.gate.pictures_ahead(machines, requests(collection), caller)):
        if opened is None or opened(number):
            content = (PICTURES / "gravel.jpg").read_bytes()
            pictures.open(content, max_side=4096, max_pixels=10**7)
    return machines.handed


def test_who_has_not_consented_is_seen_by_no_machine(parts: Parts, clinic: Clinic) -> None:
    for name in ("ben", "fay"):
        clinic.consent(name)
    assert handed(parts, "members") == ["ben", "fay"]


def test_what_a_caller_may_not_enrol_is_seen_by_no_machine(parts: Parts) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    assert handed(parts, "c") == list(PEOPLE)
    reader = Caller("AKIAREADER", "reader", "reader")
    with pytest.raises(AccessDeniedException):
        parts.gate.call("index_faces", {"CollectionId": "c", "Image": {"Bytes": b"-"}}, reader)
    for caller in (reader, replace(LOCAL, suspended=True), replace(LOCAL, expired=True)):
        assert handed(parts, "c", caller) == []
    assert handed(parts, "gone") == []


def test_what_a_strict_purpose_refuses_is_seen_by_no_machine(parts: Parts) -> None:
    office = Office(parts)
    office.person("otto", "operator")
    operator = office.key("otto", "operator", "law-enforcement")
    office.call("create_collection", CollectionId="wanted", Tags={"regard:purpose": "law-enforcement"})
    nobody = replace(operator, person=None)
    for caller in (LOCAL, nobody):
        assert handed(parts, "wanted", caller) == []
    assert handed(parts, "wanted", operator) == list(PEOPLE)


def test_while_requests_are_refused_before_their_pictures_are_opened_none_is_handed_out(parts: Parts) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    assert handed(parts, "c", opened=lambda _: False) == ["anna", "ben"]
    assert handed(parts, "c", opened=lambda number: number > 1) == ["anna", "ben", "emil", "fay"]
