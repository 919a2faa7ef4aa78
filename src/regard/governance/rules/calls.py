"""Rules of what can't wait: whoever is on duty is called to it, and it is said who was."""

from __future__ import annotations

from collections.abc import Iterator

from regard.governance.examination.duty import CALLED, Occasion
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState
from regard.storage.clock import CLOCK_SLACK


def _all_called(state: LogState, record: LogRecord) -> Iterator[str]:
    """Who is on duty by the log is called, but for who works on the case, and for who may not rate."""
    if record.operation != CALLED or record.is_request:
        return
    named, known = record.said.get("people"), state.calls
    if record.said.get("why") == Occasion.NO_PICTURE:
        return
    called = {str(one) for one in named} if isinstance(named, list) else set()
    review, case = str(record.said.get("review")), str(record.said.get("case"))
    opened = state.reviews.get(review)
    excused = known.members.get(case, set()) | ({opened.searcher} if opened is not None else set())
    for person, until in sorted(known.duty.items()):
        is_on_duty = until > record.began + CLOCK_SLACK and person not in state.suspended_people
        may_rate = "reviewer" in state.roles.get(person, ["reviewer"])
        if is_on_duty and may_rate and person not in excused | called:
            yield f"{person} was on duty, and was not called to {review}"
    for person in sorted(called & excused):
        yield f"{person} was called to {review}, which is of their own case"


def _called_at_all(state: LogState) -> Iterator[tuple[int, str]]:
    for review, (sequence, _) in state.calls.waiting.items():
        yield sequence, f"{review} could not wait, and the reviewers on duty were not called"


RULES = (Rule("calls", "Reviewers on duty are called to what can't wait.", _all_called, _called_at_all),)
