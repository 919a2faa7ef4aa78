"""What is past its time is not shown, and is erased, unless it is on hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select
from tests.governance.privacy.conftest import Clinic
from tests.postgres import Place
from tests.responsible import Office

from regard.caller import NOBODY, Caller
from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException, RegardError
from regard.governance.audit import AuditLog
from regard.governance.cases import ATTESTATIONS, Cases, NewCase
from regard.governance.people import People
from regard.governance.privacy.holds import CaseHolds
from regard.governance.privacy.purging import CasePurge
from regard.governance.privacy.retention import Retention
from regard.governance.profiles import load_profiles
from regard.storage.clock import milliseconds
from regard.storage.schema import candidates, reviews

Later = Callable[[timedelta], None]
DAY: Final = 24 * 3_600_000
YEARS: Final = 6 * 365 * DAY  # the rules keep a closed case for five
RULES: Final = load_profiles("").rules


@pytest.fixture
def limited(office: Office, portrait: Path) -> str:
    """A collection whose faces are kept for thirty days, with one of now."""
    office.call("create_collection", CollectionId="visitors", Tags={"regard:retention-days": "30"})
    office.call("index_faces", CollectionId="visitors", Image={"Bytes": portrait.read_bytes()})
    return "visitors"


def test_faces_past_their_time_are_shown_to_nobody_though_the_upkeep_is_late(
    office: Office, limited: str, portrait: Path, later: Later
) -> None:
    later(timedelta(days=29))
    assert office.call("describe_collection", CollectionId=limited)["FaceCount"] == 1
    later(timedelta(days=31))
    picture = {"Bytes": portrait.read_bytes()}
    found = office.call("search_faces_by_image", CollectionId=limited, Image=picture)
    assert not found["FaceMatches"]
    assert not office.call("list_faces", CollectionId=limited)["Faces"]
    (erasure,) = office.call("list_erasures")["Erasures"]
    assert erasure["Cause"] == "RETENTION"


def test_the_upkeep_erases_what_nobody_asks_about(office: Office, limited: str) -> None:
    faces = office.parts.stores.privacy.faces
    faces.erase_all_due(milliseconds() + 29 * DAY)
    assert office.parts.stores.collections.get(limited).face_count == 1
    faces.erase_all_due(milliseconds() + 31 * DAY)
    assert office.parts.stores.collections.get(limited).face_count == 0


def test_keeping_faces_longer_takes_an_administrator(office: Office, limited: str) -> None:
    office.person("otto", "operator")
    otto = office.key("otto", "operator")
    arn = office.call("describe_collection", CollectionId=limited)["CollectionARN"]
    office.call("tag_resource", otto, ResourceArn=arn, Tags={"regard:retention-days": "20"})
    with pytest.raises(AccessDeniedException, match="ask an administrator"):
        office.call("tag_resource", otto, ResourceArn=arn, Tags={"regard:retention-days": "21"})
    with pytest.raises(AccessDeniedException, match="ask an administrator"):
        office.call("untag_resource", otto, ResourceArn=arn, TagKeys=["regard:retention-days"])
    office.call("tag_resource", ResourceArn=arn, Tags={"regard:retention-days": "365"})


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "always", "0x1", "100000", ""])
def test_a_time_that_is_no_number_of_days_is_refused(office: Office, days: str) -> None:
    with pytest.raises(InvalidParameterException, match="must be a number of days"):
        office.call("create_collection", CollectionId="visitors", Tags={"regard:retention-days": days})


def test_anybody_reads_the_schedule_of_the_rules_in_force(office: Office) -> None:
    answer = office.call("get_retention_schedule", NOBODY)
    hours = {line["Kind"]: line.get("Hours") for line in answer["Schedule"]}
    assert hours["closed_case"] == RULES.retention["closed_case"]
    assert hours["enrolled_face"] is None


def test_a_retention_rule_that_nothing_follows_is_refused() -> None:
    with pytest.raises(RegardError, match="not known, closed_cases"):
        Retention(replace(RULES, retention={"closed_cases": 1}))


def test_the_time_of_the_rules_is_the_last_moment(office: Office) -> None:
    retention = Retention(RULES)
    end = retention.end("alert_unconfirmed", 1000)
    assert end == 1000 + DAY
    assert retention.retained("alert_unconfirmed", 1000, end - 1)
    assert not retention.retained("alert_unconfirmed", 1000, end)


@pytest.fixture
def store(place: Place) -> Any:
    """The purge, the holds and the cases of a database, with one closed case."""
    database = place.open()
    cases = Cases(database)
    opener = People(database).add("ines", ["investigator"]).person_id
    new = NewCase(
        reference="2026/4711",
        purpose="law-enforcement",
        basis="section 100",
        justification="the robber was filmed",
        attested=ATTESTATIONS,
        members=(),
        offence="robbery",
    )
    case = cases.open(new, opener)
    cases.close(case.case_id, opener, "solved by the confession of R.")
    return cases, CaseHolds(database), CasePurge(database, AuditLog(database), Retention(RULES)), case.case_id


def test_what_a_closed_case_says_is_erased_when_its_time_is_over(store: Any) -> None:
    cases, _, purge, case_id = store
    purge.run_due(milliseconds() + DAY)
    assert cases.find(case_id).reference == "2026/4711"
    later = milliseconds() + YEARS
    assert purge.shown(cases.find(case_id), later).justification == "erased"
    purge.run_due(later)
    purge.run_due(later + 1)
    purged = cases.find(case_id)
    assert purged.purged == later
    told = (purged.reference, purged.basis, purged.justification, purged.closed_for)
    assert set(told) == {"erased"}
    assert purged.offence == "robbery"  # what reports count by


def test_a_case_on_hold_is_kept_beyond_its_time(store: Any) -> None:
    cases, holds, purge, case_id = store
    later = milliseconds() + YEARS
    holds.ask(case_id, "order 5 O 12/26", None, "P-1", ["privacy"])
    holds.ask(case_id, "order 5 O 12/26", None, "P-2", ["approver"])
    purge.run_due(later)
    assert cases.find(case_id).purged is None
    assert purge.shown(cases.find(case_id), later).reference == "2026/4711"
    holds.release(case_id, "P-2", ["approver"])
    purge.run_due(later)
    assert cases.find(case_id).purged is None
    holds.release(case_id, "P-1", ["privacy"])
    purge.run_due(later)
    assert cases.find(case_id).purged == later


def test_a_hold_ends_with_its_time_and_one_that_is_not_confirmed_in_two_weeks(store: Any) -> None:
    _, holds, _, case_id = store
    asked = holds.ask(case_id, "order", None, "P-1", ["privacy"])
    assert asked.holds(milliseconds() + 13 * DAY)
    assert not asked.holds(milliseconds() + 15 * DAY)
    until = replace(asked, state="HELD", until=milliseconds() + DAY)
    assert until.holds(milliseconds())
    assert not until.holds(milliseconds() + 2 * DAY)


def test_nobody_puts_a_case_on_hold_alone(store: Any) -> None:
    _, holds, _, case_id = store
    holds.ask(case_id, "order", None, "P-1", ["privacy", "approver"])
    for person, roles in (("P-1", ["privacy", "approver"]), ("P-2", ["privacy"])):
        with pytest.raises(ConflictException, match="another person confirms it as approver"):
            holds.ask(case_id, "order", None, person, roles)
    assert holds.ask(case_id, "order", None, "P-2", ["approver"]).state == "HELD"
    with pytest.raises(ConflictException, match="on hold already"):
        holds.ask(case_id, "order", None, "P-2", ["approver"])
    holds.release(case_id, "P-1", ["privacy"])
    with pytest.raises(ConflictException, match="another person confirms it as approver"):
        holds.release(case_id, "P-1", ["privacy"])
    assert holds.ask(case_id, "order", None, "P-1", ["privacy"]).state == "HELD"


def test_a_hold_whose_time_is_over_is_asked_for_anew(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, holds, _, case_id = store
    ends = milliseconds() + DAY
    holds.ask(case_id, "order", ends, "P-1", ["privacy"])
    holds.ask(case_id, "order", ends, "P-2", ["approver"])
    monkeypatch.setattr("regard.governance.privacy.holds.milliseconds", lambda: ends + 1)
    assert holds.ask(case_id, "another order", None, "P-1", ["privacy"]).state == "ASKED"
    assert holds.ask(case_id, "another order", None, "P-2", ["approver"]).basis == "another order"


def test_a_hold_that_would_be_over_is_refused(store: Any) -> None:
    _, holds, _, case_id = store
    with pytest.raises(InvalidParameterException, match="Until lies in the past"):
        holds.ask(case_id, "order", milliseconds() - 1, "P-1", ["privacy"])
    assert holds.find(case_id) is None


def test_a_purged_case_can_t_be_held(store: Any) -> None:
    _, holds, purge, case_id = store
    purge.run_due(milliseconds() + YEARS)
    with pytest.raises(ConflictException, match="is purged"):
        holds.ask(case_id, "order", None, "P-1", ["privacy"])


def test_a_hold_takes_two_people_who_have_shown_that_it_is_them(clinic: Clinic) -> None:
    office = clinic.office
    office.person("ines", "investigator")
    office.person("abel", "approver")
    ines, abel = office.key("ines", "investigator"), office.session("abel", "approver")
    case = office.case(ines)

    def hold(caller: Caller, *, wanted: bool = True) -> Any:
        until = datetime.now(UTC) + timedelta(days=3650)
        return office.call("hold_case", caller, CaseId=case, Hold=wanted, Basis="order", Until=until)

    for caller in (ines, replace(clinic.petra, verified=1), office.session("ines", "investigator")):
        with pytest.raises(AccessDeniedException):
            hold(caller)
    assert hold(clinic.petra)["HoldState"] == "ASKED"
    assert hold(abel)["HoldState"] == "HELD"
    assert hold(abel, wanted=False)["HoldState"] == "RELEASING"
    assert "HoldState" not in hold(clinic.petra, wanted=False)


def test_what_a_purged_case_s_reviews_say_of_people_is_erased(office: Office, portrait: Path) -> None:
    office.person("otto", "operator")
    office.person("ines", "investigator", trained="search")
    ines, picture = office.key("ines", "investigator"), {"Bytes": portrait.read_bytes()}
    office.call("create_collection", CollectionId="wanted", Tags={"regard:purpose": "law-enforcement"})
    otto = office.key("otto", "operator")
    office.call("index_faces", otto, CollectionId="wanted", Image=picture, ExternalImageId="anna")
    case = office.case(ines)
    office.call("search_faces_by_image", ines, case, CollectionId="wanted", Image=picture)
    office.call("close_case", ines, CaseId=case, Reason="solved")

    def told() -> str:
        with office.parts.database.read() as connection:
            tables = (reviews, candidates)
            return str([dict(row) for one in tables for row in connection.execute(select(one)).mappings()])

    assert "anna" in told()
    office.parts.stores.privacy.cases.run_due(milliseconds() + YEARS)
    assert "anna" not in told()
    assert "'probe_picture': None" in told()
