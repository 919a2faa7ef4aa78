"""What somebody started in the console goes on without them, and stops when they are suspended."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.app import Parts, build
from regard.caller import Caller
from regard.errors import AccessDeniedException
from regard.governance.people import caller_of
from regard.operations.admitted import Admitted
from regard.settings import Settings
from regard.storage.clock import milliseconds


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return build(Settings.load({}, data=tmp_path / "data"), has_models=False)


def admitted(parts: Parts, caller: Caller) -> Admitted:
    record = parts.gate.admission.record_of("list_feedback", {}, caller, "r", None)
    return parts.gate.admission.admit("list_feedback", {}, caller, record)


def test_it_goes_on_in_all_roles_of_the_person(parts: Parts) -> None:
    nina = parts.stores.accountability.people.add("nina", ["reviewer", "privacy"])
    caller = caller_of(nina, verified=milliseconds())
    parts.gate.admission.refuse_withdrawn(admitted(parts, caller), caller)


def test_it_stops_when_the_person_is_suspended(parts: Parts) -> None:
    people = parts.stores.accountability.people
    nina = people.add("nina", ["reviewer", "privacy"])
    caller = caller_of(nina, verified=milliseconds())
    begun = admitted(parts, caller)
    people.suspend(nina.person_id)
    with pytest.raises(AccessDeniedException, match="suspended"):
        parts.gate.admission.refuse_withdrawn(begun, caller)


def test_it_stops_when_the_person_no_longer_holds_the_role(parts: Parts) -> None:
    people = parts.stores.accountability.people
    nina = people.add("nina", ["reviewer", "privacy"])
    caller = caller_of(nina, verified=milliseconds())
    begun = admitted(parts, caller)
    people.set_roles(nina.person_id, ["reviewer"])
    with pytest.raises(AccessDeniedException):
        parts.gate.admission.refuse_withdrawn(begun, caller)
