"""An authorization is asked for, decided on by somebody else, and ends when its hours are over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from tests.authorizing import DAY, HOUR, START, VIDEO, Clock, case_of, document, person_of, wanted
from tests.postgres import Place

from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException
from regard.governance.authorizations.grants import Grants
from regard.governance.authorizations.records import Authorization, Ground, Standing, Use
from regard.governance.authorizations.rows import purge_texts
from regard.governance.authorizations.store import Authorizations
from regard.governance.profiles import load_profiles
from regard.storage.database import Database


@dataclass
class Bureau:
    """Authorizations of one case, with whoever asks and whoever decides."""

    database: Database
    clock: Clock
    store: Authorizations
    grants: Grants
    ines: str
    anna: str
    case: str

    def asked(self, basis: Ground = Ground.WARRANT, **changes: object) -> Authorization:
        return self.store.request(wanted(self.case, basis, **changes), self.ines)

    def state(self, found: Authorization) -> Standing:
        return self.store.get(found.authorization_id).state(self.clock.now)

    def use(self, **changes: object) -> Use:
        values = {"case_id": self.case, "collection_row": 7, "video": VIDEO}
        return Use(**{**values, **changes})  # type: ignore[arg-type]

    def holds(self, **changes: object) -> bool:
        try:
            self.grants.admit(self.use(**changes))
        except AccessDeniedException:
            return False
        return True


@pytest.fixture
def bureau(place: Place) -> Bureau:
    database, clock = place.open(), Clock()
    ines = person_of(database, "ines", "investigator")
    return Bureau(
        database=database,
        clock=clock,
        store=Authorizations(database, load_profiles("").rules, clock),
        grants=Grants(database, clock),
        ines=ines,
        anna=person_of(database, "anna", "approver"),
        case=case_of(database, ines),
    )


def test_a_request_allows_nothing_before_somebody_has_approved_it(bureau: Bureau) -> None:
    found = bureau.asked()
    assert (bureau.state(found), bureau.holds()) == (Standing.REQUESTED, False)
    bureau.store.approve(found.authorization_id, bureau.anna, document())
    assert (bureau.state(found), bureau.holds()) == (Standing.ACTIVE, True)


def test_what_is_read_again_is_what_was_written(bureau: Bureau) -> None:
    asked = bureau.asked(cameras=("gate-1",), videos=("evidence/*", VIDEO), faces=("f1", "f2"), covert=True)
    assert bureau.store.find(asked.authorization_id) == asked
    approved = bureau.store.approve(asked.authorization_id, bureau.anna, document())
    assert approved.document == document()
    assert bureau.store.all() == [approved]


def test_a_warrant_that_is_older_than_its_entry_allows_nothing_from_before_it(bureau: Bureau) -> None:
    found = bureau.asked(begins=START - 30 * DAY)
    bureau.clock.now += HOUR
    approved = bureau.store.approve(found.authorization_id, bureau.anna, document(issued=START - 30 * DAY))
    assert approved.begins == START + HOUR


def test_a_document_from_the_future_is_refused(bureau: Bureau) -> None:
    found = bureau.asked()
    with pytest.raises(InvalidParameterException, match="Issued lies in the future"):
        bureau.store.approve(found.authorization_id, bureau.anna, document(issued=START + HOUR))


def test_an_authorization_begins_at_the_time_that_was_asked_for_and_ends_at_it(bureau: Bureau) -> None:
    found = bureau.asked(begins=START + DAY, until=START + 2 * DAY)
    bureau.store.approve(found.authorization_id, bureau.anna, document())
    seen = []
    for hours in (0, 23, 24, 47, 48, 1000):
        bureau.clock.now = START + hours * HOUR
        seen.append((bureau.state(found), bureau.holds()))
    assert seen == [
        *[(Standing.APPROVED, False)] * 2,
        *[(Standing.ACTIVE, True)] * 2,
        *[(Standing.EXPIRED, False)] * 2,
    ]


def test_an_approver_may_end_it_sooner_and_no_later(bureau: Bureau) -> None:
    until = START + 10 * DAY
    sooner, later = bureau.asked(until=until), bureau.asked(until=until)
    approve = bureau.store.approve
    assert approve(sooner.authorization_id, bureau.anna, document(), START + DAY).until == START + DAY
    assert approve(later.authorization_id, bureau.anna, document(), START + 20 * DAY).until == until


def test_a_request_whose_time_is_over_is_not_approved(bureau: Bureau) -> None:
    found = bureau.asked(until=START + HOUR)
    bureau.clock.now += HOUR
    with pytest.raises(ConflictException, match="is over"):
        bureau.store.approve(found.authorization_id, bureau.anna, document())


@pytest.mark.parametrize("decide", ["approve", "ratify", "extend"])
def test_whoever_asked_enters_no_document(bureau: Bureau, decide: str) -> None:
    found = bureau.asked(Ground.EXIGENCY if decide == "ratify" else Ground.WARRANT)
    if decide == "ratify":
        bureau.store.ask(found.authorization_id, bureau.ines, "District Court")
    if decide == "extend":
        bureau.store.approve(found.authorization_id, bureau.anna, document())
    with pytest.raises(AccessDeniedException, match="doesn't decide on it"):
        getattr(bureau.store, decide)(found.authorization_id, bureau.ines, document())


def test_whoever_asked_the_authority_does_not_ratify(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    bureau.store.ask(found.authorization_id, bureau.anna, "District Court")
    with pytest.raises(AccessDeniedException, match="doesn't decide on it"):
        bureau.store.ratify(found.authorization_id, bureau.anna, document())


def test_an_exigency_holds_at_once_and_lapses_when_nobody_asks_the_authority(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    assert (bureau.state(found), bureau.holds()) == (Standing.EXIGENT, True)
    bureau.clock.now = START + 48 * HOUR - 1
    assert (bureau.state(found), bureau.holds()) == (Standing.EXIGENT, True)
    bureau.clock.now += 1
    assert (bureau.state(found), bureau.holds()) == (Standing.LAPSED, False)
    with pytest.raises(ConflictException, match="is LAPSED"):
        bureau.store.ask(found.authorization_id, bureau.ines, "District Court")


def test_a_live_exigency_has_half_as_many_hours(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY, cameras=("gate-1",))
    bureau.clock.now = START + 24 * HOUR
    assert bureau.state(found) is Standing.LAPSED


def test_an_exigency_that_the_authority_does_not_decide_on_lapses(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    bureau.store.ask(found.authorization_id, bureau.ines, "District Court")
    bureau.clock.now = START + 72 * HOUR - 1
    assert (bureau.state(found), bureau.holds()) == (Standing.AWAITING, True)
    bureau.clock.now += 1
    assert (bureau.state(found), bureau.holds()) == (Standing.LAPSED, False)
    with pytest.raises(ConflictException, match="is LAPSED"):
        bureau.store.ratify(found.authorization_id, bureau.anna, document())


def test_an_exigency_that_was_ratified_goes_on(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    bureau.store.ask(found.authorization_id, bureau.ines, "District Court")
    bureau.store.ratify(found.authorization_id, bureau.anna, document())
    bureau.clock.now = START + 29 * DAY
    assert (bureau.state(found), bureau.holds()) == (Standing.ACTIVE, True)


def test_an_exigency_is_not_ratified_before_the_authority_was_asked(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    with pytest.raises(ConflictException, match="this takes one that is AWAITING"):
        bureau.store.ratify(found.authorization_id, bureau.anna, document())


def test_an_exigency_after_another_that_was_refused_is_refused(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    with pytest.raises(ConflictException, match="is EXIGENT"):
        bureau.asked(Ground.EXIGENCY)
    bureau.store.reject(found.authorization_id, bureau.anna, "no danger")
    with pytest.raises(ConflictException, match="is REJECTED"):
        bureau.asked(Ground.EXIGENCY)


def test_a_rejected_or_revoked_authorization_allows_nothing(bureau: Bureau) -> None:
    refused, ended = bureau.asked(), bureau.asked()
    bureau.store.reject(refused.authorization_id, bureau.anna, "no grounds")
    assert (bureau.state(refused), bureau.holds()) == (Standing.REJECTED, False)
    bureau.store.approve(ended.authorization_id, bureau.anna, document())
    bureau.store.revoke(ended.authorization_id, bureau.anna, "solved")
    assert (bureau.state(ended), bureau.holds()) == (Standing.REVOKED, False)
    for how in (bureau.store.reject, bureau.store.revoke):
        with pytest.raises(ConflictException):
            how(ended.authorization_id, bureau.anna, "again")


def test_an_extension_goes_on_in_the_place_of_the_first(bureau: Bureau) -> None:
    first = bureau.asked(until=START + DAY)
    bureau.store.approve(first.authorization_id, bureau.anna, document())
    second = bureau.store.extend(
        first.authorization_id, bureau.anna, document(number="22 Gs 18/26"), START + 9 * DAY
    )
    assert second.authorization_id != first.authorization_id
    assert (second.extends, second.scope, second.case_id) == (
        first.authorization_id,
        first.scope,
        bureau.case,
    )
    bureau.clock.now = START + 8 * DAY
    assert (bureau.state(first), bureau.state(second)) == (Standing.EXTENDED, Standing.ACTIVE)
    bureau.grants.check(first.authorization_id, bureau.use())


def test_an_extension_holds_no_longer_than_the_rules_allow(bureau: Bureau) -> None:
    first = bureau.asked()
    bureau.store.approve(first.authorization_id, bureau.anna, document())
    with pytest.raises(InvalidParameterException, match="for 30 days at most"):
        bureau.store.extend(first.authorization_id, bureau.anna, document(), START + 31 * DAY)


def test_a_first_identification_is_made_once_a_case(bureau: Bureau) -> None:
    found = bureau.asked(Ground.FIRST_IDENTIFICATION)
    assert (bureau.state(found), bureau.holds()) == (Standing.ACTIVE, True)
    with pytest.raises(ConflictException, match="had its first identification"):
        bureau.asked(Ground.FIRST_IDENTIFICATION)
    with pytest.raises(ConflictException, match="is not extended"):
        bureau.store.extend(found.authorization_id, bureau.anna, document(), START + DAY)


def test_of_two_first_identifications_at_once_one_is_made(bureau: Bureau) -> None:
    def ask(_: int) -> bool:
        try:
            bureau.asked(Ground.FIRST_IDENTIFICATION)
        except ConflictException:
            return False
        return True

    with ThreadPoolExecutor(4) as executor:
        made = list(executor.map(ask, range(4)))
    assert sum(made) == 1


@pytest.mark.parametrize(
    ("use", "covered"),
    [
        ({}, True),
        ({"video": "evidence/yard.mp4.bak"}, False),
        ({"video": "evidence/cam1/0001.mp4"}, True),
        ({"video": "other/cam1/0001.mp4"}, False),
        ({"video": "evidence/cam2.mp4"}, False),
        ({"camera": "gate-1", "video": None}, True),
        ({"camera": "gate-2", "video": None}, False),
        ({"camera": "gate-2"}, False),
        ({"video": None}, False),
        ({"collection_row": 8}, False),
        ({"collection_row": None}, False),
        ({"case_id": "C-2026-000999"}, False),
    ],
)
def test_an_authorization_covers_what_it_names(bureau: Bureau, use: dict[str, object], covered: bool) -> None:
    found = bureau.asked(cameras=("gate-1",), videos=(VIDEO, "evidence/cam1/*"))
    bureau.store.approve(found.authorization_id, bureau.anna, document())
    assert bureau.holds(**use) is covered


def test_what_was_begun_under_one_authorization_does_not_go_on_under_another(bureau: Bureau) -> None:
    first, second = bureau.asked(), bureau.asked()
    for one in (first, second):
        bureau.store.approve(one.authorization_id, bureau.anna, document())
    bureau.store.revoke(first.authorization_id, bureau.anna, "solved")
    assert bureau.holds()
    with pytest.raises(AccessDeniedException, match="is REVOKED; the search ends"):
        bureau.grants.check(first.authorization_id, bureau.use())


def test_an_authorization_that_an_authority_allowed_is_used_before_an_exigency(bureau: Bureau) -> None:
    bureau.asked(Ground.EXIGENCY)
    allowed = bureau.asked(until=START + DAY)
    bureau.store.approve(allowed.authorization_id, bureau.anna, document())
    assert bureau.grants.admit(bureau.use()).authorization_id == allowed.authorization_id


def test_whoever_ends_an_authorization_waits_for_the_step_that_is_being_kept(bureau: Bureau) -> None:
    found = bureau.asked()
    bureau.store.approve(found.authorization_id, bureau.anna, document())
    order = []
    with ThreadPoolExecutor(1) as executor:
        with bureau.database.write() as connection:
            bureau.grants.check_step(connection, found.authorization_id)
            ending = executor.submit(bureau.store.revoke, found.authorization_id, bureau.anna, "solved")
            ending.add_done_callback(lambda _: order.append("ended"))
            with pytest.raises(TimeoutError):
                ending.result(timeout=0.2)
            order.append("kept")
        ending.result(timeout=30)
    assert order == ["kept", "ended"]
    with bureau.database.write() as connection, pytest.raises(AccessDeniedException, match="is REVOKED"):
        bureau.grants.check_step(connection, found.authorization_id)


def test_a_purge_of_the_case_leaves_what_counts(bureau: Bureau) -> None:
    found = bureau.asked(Ground.EXIGENCY)
    bureau.store.ask(found.authorization_id, bureau.ines, "District Court")
    bureau.store.reject(found.authorization_id, bureau.anna, "no danger")
    with bureau.database.write() as connection:
        purge_texts(connection, bureau.case)
    purged = bureau.store.get(found.authorization_id)
    assert (purged.grounds, purged.authority, purged.ended_for) == (None, None, None)
    assert (purged.basis, purged.scope, purged.state(bureau.clock.now)) == (
        Ground.EXIGENCY,
        found.scope,
        Standing.REJECTED,
    )
