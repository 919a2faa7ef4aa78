"""The log alone shows a search outside an authorization, and a decision that came late or from oneself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.governance.rules.conftest import Change, Installation
from tests.responsible import Office
from tests.tampering import tamper

from regard.caller import Caller
from regard.errors import ServiceError

VIDEO = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
DOCUMENT = {
    "Issuer": "District Court",
    "Number": "22 Gs 17/26",
    "Digest": "ab" * 32,
    "Issued": datetime.now(UTC) - timedelta(days=1),
}


class Agency:
    """An investigator on a case, an approver, and the log of what they do."""

    def __init__(self, installation: Installation) -> None:
        self.one = installation
        self.office = Office(installation.parts)
        self.ines_id = self.office.person("ines", "investigator", trained="search")
        self.office.person("anna", "approver")
        tags = {"regard:purpose": "law-enforcement"}
        self.office.call("create_collection", CollectionId="c", Tags=tags)
        self.ines = self.office.key("ines", "investigator")
        self.anna = self.office.session("anna", "approver")
        self.case = self.office.case(self.ines)

    def act(self, operation: str, caller: Caller, **request: Any) -> int:
        """Calls an operation, refused or not; the number of its record."""
        with contextlib.suppress(ServiceError):
            self.office.call(operation, caller, self.case, **request)
        return self.newest(operation)

    def newest(self, operation: str) -> int:
        names = {one["sequence"]: one["operation"] for one in self.one.parts.audit.export()}
        name = self.one.parts.gate.name_of(operation)
        return max(sequence for sequence, found in names.items() if found == name)

    def request(self, basis: str = "warrant") -> str:
        made = self.office.call(
            "request_authorization",
            self.ines,
            CaseId=self.case,
            Basis=basis,
            CollectionId="c",
            Videos=["films/film.mp4"],
            **({"Grounds": "Shots were fired."} if basis == "exigency" else {}),
        )
        return str(made["AuthorizationId"])

    def search(self) -> int:
        return self.act("start_face_search", self.ines, CollectionId="c", Video=VIDEO)

    def decide(self, how: str, authorization: str, **request: Any) -> int:
        return self.act(f"{how}_authorization", self.anna, AuthorizationId=authorization, **request)


@pytest.fixture
def agency(installation: Installation) -> Iterator[Agency]:
    return Agency(installation)


def moved(hours: float) -> Change:
    def change(record: dict[str, Any]) -> None:
        time = datetime.fromisoformat(record["time"]) + timedelta(hours=hours)
        record["time"] = time.isoformat(timespec="milliseconds")

    return change


def test_what_the_gate_does_breaks_no_rule(agency: Agency) -> None:
    agency.search()
    warrant = agency.request()
    agency.decide("approve", warrant, **DOCUMENT)
    agency.search()
    agency.decide("extend", warrant, **DOCUMENT, Until=datetime.now(UTC) + timedelta(days=3))
    agency.search()
    exigency = agency.request("exigency")
    agency.decide("approve", exigency, **DOCUMENT)
    agency.act("submit_authorization", agency.ines, AuthorizationId=exigency, Authority="District Court")
    agency.decide("ratify", exigency, **DOCUMENT)
    refused = agency.request()
    agency.decide("reject", refused, Reason="no grounds")
    assert agency.one.violations() == []
    assert agency.one.unexplained() == []


def test_a_rejected_exigency_whose_results_are_erased_breaks_no_rule(agency: Agency) -> None:
    exigency = agency.request("exigency")
    agency.search()
    agency.decide("reject", exigency, Reason="no danger")
    assert agency.one.violations() == []


def test_a_rejected_exigency_whose_results_were_left_breaks_the_rule(agency: Agency) -> None:
    exigency = agency.request("exigency")
    agency.search()
    rejected = agency.decide("reject", exigency, Reason="no danger")
    erased = next(
        one["sequence"]
        for one in agency.one.parts.audit.export()
        if one["operation"] == "erase authorization"
    )
    agency.one.forge(erased, lambda record: record.update(subject="A-2026-009999"))
    assert agency.one.broken() == {rejected: "erasures"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda record: record.pop("authorization"), "without an authorization that a record tells of"),
        (lambda record: record.update(case="C-2026-000999"), "is of the case"),
        (moved(31 * 24), "did not hold"),
        (moved(-31 * 24), "did not hold"),
    ],
)
def test_a_search_outside_its_authorization_breaks_the_rule(
    agency: Agency, change: Change, sentence: str
) -> None:
    agency.decide("approve", agency.request(), **DOCUMENT)
    search = agency.search()
    agency.one.forge(search, change)
    told = [one.sentence for one in agency.one.violations() if one.rule == "authorizations"]
    assert len(told) == 1
    assert sentence in told[0]


def test_a_search_after_a_revocation_breaks_the_rule(agency: Agency) -> None:
    warrant = agency.request()
    agency.decide("approve", warrant, **DOCUMENT)
    search = agency.search()
    revoked = agency.decide("revoke", warrant, Reason="solved")
    agency.one.forge(revoked, moved(-1))
    assert agency.one.broken() == {}  # it came before in the log
    agency.search()
    again = agency.newest("start_face_search")
    assert again > search
    job = next(one["job"] for one in agency.one.parts.audit.export() if one["sequence"] == search)
    agency.one.forge(again, lambda record: record.update(outcome="ok", authorization=warrant, job=job))
    assert agency.one.broken() == {again: "authorizations"}


def test_a_decision_of_whoever_asked_breaks_the_rule(agency: Agency) -> None:
    approved = agency.decide("approve", agency.request(), **DOCUMENT)
    agency.one.forge(approved, lambda record: record.update(person=agency.ines_id))
    assert agency.one.broken() == {approved: "approvers"}


@pytest.mark.parametrize(("act", "hours"), [("submit", 49), ("ratify", 73)])
def test_what_comes_after_the_hours_of_an_exigency_breaks_the_rule(
    agency: Agency, act: str, hours: float
) -> None:
    exigency = agency.request("exigency")
    number = agency.act(
        "submit_authorization", agency.ines, AuthorizationId=exigency, Authority="District Court"
    )
    if act == "ratify":
        number = agency.decide("ratify", exigency, **DOCUMENT)
    agency.one.forge(number, moved(hours))
    assert "exigency" in [one.rule for one in agency.one.violations() if one.sequence == number]


def test_an_approval_for_a_time_that_has_passed_breaks_the_rule(agency: Agency) -> None:
    approved = agency.decide("approve", agency.request(), **DOCUMENT)

    def back_date(record: dict[str, Any]) -> None:
        record["facts"]["From"] = (datetime.now(UTC) - timedelta(days=2)).isoformat()

    agency.one.forge(approved, back_date)
    assert agency.one.broken() == {approved: "exigency"}


def test_reading_what_was_found_under_a_rejected_authorization_breaks_the_rule(agency: Agency) -> None:
    exigency = agency.request("exigency")
    search = agency.search()
    job = next(one["job"] for one in agency.one.parts.audit.export() if one["sequence"] == search)
    agency.decide("reject", exigency, Reason="no danger")
    read = agency.act("get_face_search", agency.ines, JobId=job)

    def answered(record: dict[str, Any]) -> None:
        record.update(outcome="ok")
        moved(1)(record)

    assert agency.one.violations() == []
    agency.one.forge(read, answered)
    assert [one.rule for one in agency.one.violations() if one.sequence == read] == ["void searches"]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE authorizations SET revoked = NULL", "goes on; record"),
        (
            "INSERT INTO authorizations SELECT 'A-2026-009999', case_id, purpose, basis, collection_id, "
            "collection_row, covert, grounds, attested, begins, until, requested, requested_by, ask_by, "
            "decide_by, asked, asked_by, authority, issuer, number, document, issued, approved, approved_by, "
            "rejected, revoked, ended_by, ended_for, extends, extended, extended_by, lapsed, erased, "
            "erasure_record FROM authorizations",
            "No record says that the authorization A-2026-009999 was asked for.",
        ),
    ],
)
def test_a_row_that_no_record_explains_is_reported(agency: Agency, statement: str, sentence: str) -> None:
    warrant = agency.request()
    agency.decide("approve", warrant, **DOCUMENT)
    agency.decide("revoke", warrant, Reason="solved")
    tamper(agency.one.database, statement)
    [told] = agency.one.unexplained()
    assert sentence in told
