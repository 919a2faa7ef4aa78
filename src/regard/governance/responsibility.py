"""Under strict purposes somebody answers for each act: a person, in the role it takes, trained, on a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from regard.caller import Caller, Person
from regard.errors import AccessDeniedException
from regard.governance.audit import AuditLog
from regard.governance.cases import Case, Cases
from regard.governance.training import SEARCH, Trainings
from regard.storage.clock import milliseconds

_BEHIND: Final = 5 * 60_000  # milliseconds that the clock may be behind the newest record


class Act(StrEnum):
    """What a request does to people, as far as strict purposes ask."""

    ENROL = "enrol or erase faces"
    TAG = "change what a collection is for"
    SEARCH = "search faces"
    READ_MATCHES = "read what a search found"
    RECOGNIZE = "recognize celebrities"
    SET_UP = "set up a search of live video"


_ROLES: Final[Mapping[Act, tuple[str, ...]]] = {
    Act.ENROL: ("operator",),
    Act.TAG: ("operator", "admin"),
    Act.SEARCH: ("investigator",),
    Act.SET_UP: ("operator", "investigator"),
}
"""The roles that an act takes. Nobody who searches can enrol, to see what resembles whom."""
_OF_CASES: Final = (Act.SEARCH, Act.READ_MATCHES)


class Responsibility:
    """Admits what is done under strict purposes. Nothing is read from the database under any other."""

    def __init__(self, cases: Cases, trainings: Trainings, audit: AuditLog) -> None:
        self._cases = cases
        self._trainings = trainings
        self._audit = audit

    def admit(
        self, act: Act, caller: Caller, purpose: str, case: str | None, *, of_case: str | None = None
    ) -> Case | None:
        """The case that an act is done on, None for what is done on none.

        `case` is what the request names, `of_case` the case of the search whose results are read. Raises
        AccessDeniedException with a sentence that says what is missing.
        """
        self.check_clock()
        if act is Act.RECOGNIZE:
            raise AccessDeniedException(f"Under the purpose {purpose} nobody is recognized as a celebrity.")
        person = caller.person
        if person is None:
            raise AccessDeniedException(
                f"Under the purpose {purpose} somebody answers for each request; call with a person's key."
            )
        needed = _ROLES.get(act, caller.roles)
        if not set(needed) & set(caller.roles):
            raise AccessDeniedException(
                f"Under the purpose {purpose} it takes the role {' or '.join(needed)} to {act}; "
                f"this key's is {caller.role}."
            )
        if act not in _OF_CASES:
            return None
        if act is Act.SEARCH and self._trainings.valid(person.person_id, SEARCH) is None:
            raise AccessDeniedException(
                f"{person.name} has no valid training to search; have one recorded (`regard people train`)."
            )
        return self._case(person, caller, purpose, case, of_case, may_be_closed=act is Act.READ_MATCHES)

    def _case(
        self,
        person: Person,
        caller: Caller,
        purpose: str,
        named: str | None,
        of_case: str | None,
        *,
        may_be_closed: bool,
    ) -> Case:
        if caller.case_id is not None and named not in (None, caller.case_id):
            raise AccessDeniedException(f"This key is for the case {caller.case_id} alone.")
        case_id = caller.case_id if named is None else named
        if case_id is None:
            raise AccessDeniedException(
                f"Under the purpose {purpose} a search names its case; send its id in x-regard-case."
            )
        case = self._cases.find(case_id)
        if case is None or person.person_id not in case.members:
            raise AccessDeniedException(f"There is no case {case_id[:80]} that {person.name} works on.")
        if of_case not in (None, case.case_id):
            raise AccessDeniedException(f"That search was not made on the case {case.case_id}.")
        if case.closed is not None and not may_be_closed:
            raise AccessDeniedException(f"The case {case.case_id} is closed; open another one.")
        if case.purpose != purpose:
            raise AccessDeniedException(
                f"The case {case.case_id} is for the purpose {case.purpose}, and this is for {purpose}."
            )
        return case

    def check_clock(self) -> None:
        """Raises AccessDeniedException where the clock is behind the log: what is over would begin anew."""
        newest = self._audit.newest_time()
        if newest is not None and milliseconds() < _milliseconds(newest) - _BEHIND:
            raise AccessDeniedException(
                "The clock of this machine is behind the newest record of the audit log; set it right."
            )


def _milliseconds(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)
