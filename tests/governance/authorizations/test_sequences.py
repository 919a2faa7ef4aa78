"""No sequence of acts, whenever they come, leads where the law forbids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.authorizing import HOUR, START, VIDEO, Clock, case_of, document, person_of, wanted

from regard.errors import AccessDeniedException, ServiceError
from regard.governance.authorizations.grants import Grants
from regard.governance.authorizations.records import HOLDING, Authorization, Ground, Standing, Use
from regard.governance.authorizations.store import Authorizations
from regard.governance.profiles import load_profiles
from regard.storage.database import Database

FOLLOWS = {
    Standing.REQUESTED: {Standing.APPROVED, Standing.ACTIVE, Standing.REJECTED},
    Standing.APPROVED: {Standing.ACTIVE, Standing.REVOKED, Standing.EXPIRED},
    Standing.ACTIVE: {Standing.EXPIRED, Standing.REVOKED, Standing.EXTENDED},
    Standing.EXIGENT: {Standing.AWAITING, Standing.LAPSED, Standing.REJECTED},
    Standing.AWAITING: {Standing.ACTIVE, Standing.LAPSED, Standing.REJECTED},
}
"""What may become of each state; the others are final."""
PEOPLE = ("ines", "anna", "axel")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "approve", "ratify", "reject", "revoke", "extend"]),
        st.sampled_from(PEOPLE),
        st.sampled_from([0, 1, 20, 40, 400]),  # hours that pass before
    ),
    max_size=8,
)


@dataclass
class Town:
    """A database with its people; each example has a case of its own."""

    database: Database
    people: dict[str, str]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = Database.open(tmp_path_factory.mktemp("town"))
    yield Town(database, {name: person_of(database, name, "approver") for name in PEOPLE})
    database.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(Ground)), ACTS)
def test_no_sequence_of_acts_reaches_a_state_that_is_forbidden(
    town: Town, basis: Ground, acts: list[tuple[str, str, int]]
) -> None:
    clock = Clock()
    store, grants = (
        Authorizations(town.database, load_profiles("").rules, clock),
        Grants(town.database, clock),
    )
    case = case_of(town.database, town.people["ines"])
    first = store.request(wanted(case, basis), town.people["ines"])
    known = {first.authorization_id: first.state(clock.now)}
    for act, name, hours in acts:
        clock.now += hours * HOUR
        observe(store, known, clock.now)  # what the clock alone has changed
        try:
            perform(store, act, first.authorization_id, town.people[name], clock.now)
        except ServiceError:
            assert observe(store, known, clock.now) == 0  # what is refused changes nothing
        else:
            observe(store, known, clock.now)
        of_case = [store.get(one) for one in known]
        for one in of_case:
            check(one, clock.now)
        holding = [one for one in of_case if one.state(clock.now) in HOLDING]
        assert is_granted(grants, case) is bool(holding)


def perform(store: Authorizations, act: str, authorization_id: str, person: str, now: int) -> None:
    if act == "ask":
        store.ask(authorization_id, person, "District Court")
    elif act in ("reject", "revoke"):
        getattr(store, act)(authorization_id, person, "because")
    else:
        getattr(store, act)(authorization_id, person, document(issued=START), now + 24 * HOUR)


def observe(store: Authorizations, known: dict[str, Standing], now: int) -> int:
    """Holds what has changed to what may follow on what; answers how many have."""
    changed = 0
    for authorization_id, before in list(known.items()):
        found = store.get(authorization_id)
        after = found.state(now)
        if after is not before:
            assert after in FOLLOWS.get(before, set()), f"{before} became {after}"
            changed += 1
        known[authorization_id] = after
        if found.extended_by is not None and found.extended_by not in known:
            known[found.extended_by] = store.get(found.extended_by).state(now)
    return changed


def check(found: Authorization, now: int) -> None:
    state = found.state(now)
    if state in (Standing.ACTIVE, Standing.APPROVED) and found.basis is not Ground.FIRST_IDENTIFICATION:
        assert found.approved_by is not None
        assert found.document is not None
        assert found.approved_by not in (found.requested_by, found.asked_by)
        assert found.approved is not None
        assert found.basis is Ground.EXIGENCY or found.begins >= found.approved
    if state is Standing.EXIGENT:
        assert now < START + 48 * HOUR
    if state is Standing.AWAITING:
        assert now < START + 72 * HOUR
        assert found.asked is not None
        assert found.asked < START + 48 * HOUR
    if state in HOLDING:
        assert found.begins <= now < found.until


def is_granted(grants: Grants, case: str) -> bool:
    try:
        grants.admit(Use(case_id=case, collection_row=7, video=VIDEO))
    except AccessDeniedException:
        return False
    return True
