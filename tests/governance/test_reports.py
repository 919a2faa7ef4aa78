"""Reports count what the log says, and say nothing to the public that tells of one case."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.responsible import Office

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import InvalidParameterException
from regard.governance.audit import AuditLog
from regard.governance.chain import EMPTY
from regard.governance.privacy.erasures import Cause, Reason
from regard.governance.purpose import TAG
from regard.governance.reports.contents import REPORTS
from regard.governance.reports.published import PublishedReports
from regard.governance.reports.report import Report
from regard.governance.reports.small_cells import HIDDEN, published, published_sum
from regard.governance.reports.tally import tally
from regard.governance.responsibility import Act
from regard.operations import OPERATIONS
from regard.operations.responsibility.reports import SEARCHES
from regard.storage.database import Database

MINIMUM = 5
YEAR = datetime.now(UTC).year


def record(operation: str, **changes: Any) -> dict[str, Any]:
    return {
        "time": "2026-03-01T10:00:00.000+00:00",
        "operation": operation,
        "purpose": "law-enforcement",
        "outcome": "ok",
        **changes,
    }


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(Database.open(tmp_path))


def test_the_searches_are_those_that_operations_declare() -> None:
    declared = {one.name for one in OPERATIONS.values() if one.act is Act.SEARCH}
    assert set(SEARCHES) == declared


def test_what_lies_outside_the_year_or_only_began_is_not_counted(log: AuditLog) -> None:
    log.append(record("SearchFaces"))
    log.append(record("SearchFaces", time="2025-12-31T23:59:59.999+00:00"))
    log.append(record("SearchFaces", time="2027-01-01T00:00:00.000+00:00"))
    log.append(record("SearchFaces", outcome="begun"))
    counted = tally(log, "2026-01-01T00:00:00", "2027-01-01T00:00:00")
    assert counted.count("SearchFaces") == 1
    assert counted.head == log.newest()


def test_a_search_is_counted_by_the_offence_of_its_case_though_that_was_opened_the_year_before(
    log: AuditLog,
) -> None:
    facts = {"CaseId": "C-2025-000001", "Offence": "robbery", "Purpose": "law-enforcement"}
    log.append(record("CreateCase", time="2025-06-01T00:00:00.000+00:00", facts=facts))
    log.append(record("SearchFaces", case="C-2025-000001"))
    counted = tally(log, "2026-01-01T00:00:00", "2027-01-01T00:00:00")
    assert counted.by_offence(SEARCHES) == {"robbery": 1}


def test_a_job_s_run_is_no_second_search(log: AuditLog) -> None:
    log.append(record("StartFaceSearch"))
    log.append(record("StartFaceSearch", stage="run"))
    counted = tally(log, "2026-01-01T00:00:00", "2027-01-01T00:00:00")
    assert counted.count("StartFaceSearch") == 1
    assert counted.runs["StartFaceSearch", "law-enforcement"] == 1


def test_refused_searches_are_counted_by_what_they_were_refused_for(log: AuditLog) -> None:
    log.append(record("SearchFaces", outcome="AccessDeniedException"))
    counted = tally(log, "2026-01-01T00:00:00", "2027-01-01T00:00:00")
    assert counted.count("SearchFaces") == 0
    assert counted.refused["SearchFaces", "AccessDeniedException"] == 1


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12))


@given(COUNTS)
def test_no_small_count_is_published(counts: dict[str, int]) -> None:
    told = published(counts, MINIMUM)
    assert all(told[name] == HIDDEN for name, count in counts.items() if 0 < count < MINIMUM)
    assert all(told[name] in (HIDDEN, count) for name, count in counts.items())


@given(COUNTS)
def test_no_small_count_can_be_computed_from_the_others_and_the_sum(counts: dict[str, int]) -> None:
    told, total = published(counts, MINIMUM), published_sum(counts, MINIMUM)
    hidden = [name for name, count in told.items() if count == HIDDEN]
    if total != HIDDEN:
        assert len(hidden) != 1
    assert all(one != other for one, other in combinations(hidden, 2))


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_says_from_which_record_it_was_counted(parts: Parts, name: str) -> None:
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    office.case(office.key("ines", "investigator"))
    head = parts.audit.newest()
    answer = office.call("get_report", Name=name, Year=YEAR)
    assert (answer["Sequence"], answer["Hash"]) == (head.sequence, head.hash)
    report = json.loads(answer["Report"])
    assert report["head"] == {"sequence": head.sequence, "hash": head.hash}
    assert any("no legal advice" in note for note in report["notes"])
    assert report["sections"]


def test_a_report_that_there_is_not_is_refused_with_those_that_there_are(parts: Parts) -> None:
    with pytest.raises(InvalidParameterException, match="There is no report us-ca; there are eu-26-10"):
        parts.gate.call("get_report", {"Name": "us-ca", "Year": YEAR}, LOCAL)


def test_the_public_reads_months_that_are_over_alone(parts: Parts) -> None:
    with pytest.raises(InvalidParameterException, match="isn't over"):
        parts.gate.call("get_transparency", {"Month": f"{datetime.now(UTC):%Y-%m}"}, LOCAL)
    parts.audit.append(record("DetectFaces", time="2026-01-05T04:05:06.000+00:00"))
    answer = parts.gate.call("get_transparency", {"Month": "2026-01"}, LOCAL)
    assert json.loads(answer["Report"])["name"] == "transparency"


def test_the_public_reads_of_no_month_before_the_log_begins(parts: Parts) -> None:
    parts.audit.append(record("DetectFaces", time="2026-02-05T04:05:06.000+00:00"))
    with pytest.raises(InvalidParameterException, match="it began later"):
        parts.gate.call("get_transparency", {"Month": "2026-01"}, LOCAL)


def test_the_public_has_a_month_counted_once_an_hour_however_often_it_asks(parts: Parts) -> None:
    times: list[float] = []
    counted: list[float] = []
    published = PublishedReports(parts.stores.database, clock=lambda: times[-1])
    month = datetime(2026, 1, 1)

    def count() -> Report:
        counted.append(times[-1])
        return Report("transparency", "Transparency", "", "", EMPTY, (), ())

    for time in (0.0, 1.0, 3599.0, 3600.0, 3601.0):
        times.append(time)
        published.of(month, count)
    assert counted == [0.0, 3600.0]


def section_of(office: Office, name: str, title: str, year: int = YEAR) -> list[list[str]]:
    """The rows of one table of a report."""
    report = json.loads(office.call("get_report", Name=name, Year=year)["Report"])
    [rows] = [one["rows"] for one in report["sections"] if one["title"] == title]
    return rows  # type: ignore[no-any-return]


def test_reports_count_by_what_records_really_say(parts: Parts) -> None:
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    ines = office.key("ines", "investigator")
    case = office.case(ines)
    office.call("create_collection", CollectionId="c", Tags={TAG: "law-enforcement"})
    wanted = {"CaseId": case, "Basis": "warrant", "CollectionId": "c", "Videos": ["films/film.mp4"]}
    office.call("request_authorization", ines, **wanted)
    parts.stores.privacy.erasures.note("c", Reason(cause=Cause.RETENTION), ["f"], 0)
    for name in ("us-wa", "eu-26-10"):
        assert section_of(office, name, "By ground") == [["warrant", "1"]]
    assert section_of(office, "eu-26-10", "Erasures") == [["RETENTION", "1"]]
    assert section_of(office, "schedule", "Erasures of the year") == [["RETENTION", "1"]]
    assert section_of(office, "facts", "Trainings that were recorded") == [["search", "1"]]
    assert section_of(office, "facts", "Cases that were opened") == [["law-enforcement", "1"]]


def test_the_yearly_audit_names_the_record_that_breaks_a_rule_and_the_rule(parts: Parts) -> None:
    office = Office(parts)
    assert section_of(office, "us-md-audit", "Exceptions") == []
    time = f"{YEAR}-02-03T04:05:06.000+00:00"
    head = parts.audit.append(record("SearchFaces", time=time, key="AKIANOBODY", role="admin"))
    [sequence, when, rule, sentence], *_ = section_of(office, "us-md-audit", "Exceptions")
    assert (int(sequence), when, rule) == (head.sequence, time[:19], "known keys")
    assert "AKIANOBODY" in sentence
    counts = {row[0]: row[2] for row in section_of(office, "us-md-audit", "Rules")}
    assert (counts["known keys"], counts["chain"]) == ("1", "0")


def test_the_yearly_audit_leaves_out_what_broke_a_rule_in_another_year(parts: Parts) -> None:
    parts.audit.append(record("SearchFaces", time="2024-02-03T04:05:06.000+00:00", key="AKIANOBODY"))
    assert section_of(Office(parts), "us-md-audit", "Exceptions") == []
    assert section_of(Office(parts), "us-md-audit", "Exceptions", 2024) != []


def test_the_schedule_is_that_of_the_rules_in_force(parts: Parts) -> None:
    office = Office(parts)
    told = {row[0]: row[2] for row in section_of(office, "schedule", "How long what is kept")}
    kept = office.call("get_retention_schedule")["Schedule"]
    assert {line["What"] for line in kept} == set(told)
    hours = {line["Kind"]: line.get("Hours") for line in kept}
    assert hours["pending_review"] == 720
    assert told["A candidate that nobody has judged"] == "30 days"
    assert told["The picture of a search that found nobody"] == "not kept"


def test_the_totals_of_a_report_are_those_of_a_recount_of_the_log(parts: Parts) -> None:
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    office.person("otto", "operator", trained="search")
    ines = office.key("ines", "investigator")
    for offence in ("robbery", "robbery", "fraud"):
        office.case(ines, Offence=offence)
    report = dict(section_of(office, "facts", "Cases that were opened"))  # type: ignore[arg-type]
    records = [one for one in parts.audit.export() if one.get("outcome") == "ok"]
    cases = [one for one in records if one["operation"] == "CreateCase"]
    assert report == {"law-enforcement": str(len(cases))} == {"law-enforcement": "3"}
    trainings = dict(section_of(office, "facts", "Trainings that were recorded"))  # type: ignore[arg-type]
    recount = sum(one["operation"] == "RecordTraining" for one in records)
    assert sum(map(int, trainings.values())) == recount == 2
