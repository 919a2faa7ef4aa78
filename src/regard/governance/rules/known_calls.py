"""What the records say of urgent cases, of reviewers on duty, and of whom was called."""

from __future__ import annotations

from dataclasses import dataclass, field

from regard.governance.examination.duty import CALLED
from regard.governance.examination.found import OPENED
from regard.governance.rules.rule import LogRecord, read_moment


@dataclass(slots=True)
class KnownCalls:
    """Which cases are urgent, who works on a case, until when somebody is on duty (milliseconds since the
    epoch), and to which reviews somebody must yet be called: the number of the record that opened it, and the
    case. `seen` are the reviews of all records.
    """

    urgent: set[str] = field(default_factory=set)
    members: dict[str, set[str]] = field(default_factory=dict)
    duty: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def follow(self, record: LogRecord) -> None:
        """Takes in what a record says."""
        said, facts = record.said, record.facts
        review, case = said.get("review"), str(said.get("case"))
        if record.operation == CALLED and not record.is_request:
            self.waiting.pop(str(review), None)
            return
        is_told = record.operation == OPENED or record.is_done
        if isinstance(review, str) and review not in self.seen and is_told:
            self.seen.add(review)
            if case in self.urgent or (record.operation == OPENED and "due" in said):
                self.waiting[review] = (record.sequence, case)
        if not record.is_done:
            return
        if record.operation == "CreateCase":
            listed = facts.get("Members")
            people = [str(one) for one in listed] if isinstance(listed, list) else []
            self.members[str(facts.get("CaseId"))] = {str(said.get("person")), *people}
        elif record.operation == "PutCaseUrgency":
            change = self.urgent.add if facts.get("Urgent") else self.urgent.discard
            change(str(facts.get("CaseId")))
        elif record.operation == "PutDuty":
            self.duty[str(facts.get("PersonId"))] = read_moment(facts.get("Until"))
        elif record.operation == "EndDuty":
            self.duty.pop(str(facts.get("PersonId")), None)
