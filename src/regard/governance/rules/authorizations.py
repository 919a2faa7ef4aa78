"""Rules of authorizations: people are followed under one of the case, decided on in time and by another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from regard.governance.examination.found import OPENED
from regard.governance.purpose import strict_of
from regard.governance.responsibility import Act
from regard.governance.rules.rule import LogRecord, Rule, read_moment
from regard.governance.rules.state import LogState
from regard.storage.clock import CLOCK_SLACK

_DECIDES: Final = (
    "ApproveAuthorization",
    "RatifyAuthorization",
    "ExtendAuthorization",
    "RejectAuthorization",
    "RevokeAuthorization",
)


def _authorized(state: LogState, record: LogRecord) -> Iterator[str]:
    """From the first record of an authorization on: older versions asked for none."""
    known = state.authorizations
    declared, job = state.declared.get(record.operation), record.said.get("job")
    if not known.by_id or not record.was_let_in or job is None or declared is None:
        return
    if declared.act is not Act.SEARCH or strict_of(str(record.said.get("purpose"))) is None:
        return
    named = record.said.get("authorization")
    if named not in known.by_id:
        yield f"the job {job} searched a video without an authorization that a record tells of"
        return
    if known.by_id[named].case != record.said.get("case"):
        yield f"{named} is of the case {known.by_id[named].case}, not of {record.said.get('case')}"
    ended = record.ended if record.is_run and record.is_done else record.began
    if not known.hold_at(named, record.began) or not known.hold_at(named, ended):
        yield f"the job {job} searched a video while {named} did not hold"


def _found(state: LogState, record: LogRecord) -> Iterator[str]:
    """Somebody whom a search in moving pictures found."""
    if record.operation != OPENED:
        return
    known, named = state.authorizations, str(record.said.get("authorization"))
    review = record.said.get("review")
    if named not in known.by_id:
        yield f"{review} was opened without an authorization that a record tells of"
    elif known.by_id[named].case != record.said.get("case"):
        yield f"{review} is of the case {record.said.get('case')}, and {named} of {known.by_id[named].case}"
    elif not known.hold_at(named, record.began):
        yield f"{review} was opened while {named} did not hold"


def _decided_by_another(state: LogState, record: LogRecord) -> Iterator[str]:
    if not record.is_done or record.operation not in _DECIDES:
        return
    named = record.facts.get("Extends", record.facts.get("AuthorizationId"))
    known = state.authorizations.by_id.get(str(named))
    if known is None:
        yield f"{named} was decided on, and no record says that it was asked for"
    elif str(record.said.get("person")) in known.people:
        yield f"{record.said.get('person')} asked for {named} and decided on it"


def _in_time(state: LogState, record: LogRecord) -> Iterator[str]:
    known = state.authorizations.by_id.get(str(record.facts.get("AuthorizationId")))
    if not record.is_done or known is None:
        return
    deadlines = {"SubmitAuthorization": known.ask_by, "RatifyAuthorization": known.lapses}
    if record.operation in deadlines:
        deadline = deadlines[record.operation]
        if deadline is None or record.began > deadline + CLOCK_SLACK:
            yield f"{record.operation} came when the hours of the exigency were over"
    begins = read_moment(record.facts.get("From"))
    if record.operation == "ApproveAuthorization" and begins < record.began - CLOCK_SLACK:
        yield "it was approved for a time that had passed"


def _void(state: LogState, record: LogRecord) -> Iterator[str]:
    """Nobody reads what a refused or lapsed authorization has found."""
    declared, job = state.declared.get(record.operation), record.said.get("job")
    if not record.is_done or declared is None or declared.act is not Act.READ_MATCHES:
        return
    for named, known in state.authorizations.by_id.items():
        since = known.void_from()
        if job in known.jobs and since is not None and record.began > since + CLOCK_SLACK:
            yield f"what the job {job} found was read, though {named} was refused or had lapsed"


def _erased(state: LogState) -> Iterator[tuple[int, str]]:
    """What a rejection leaves is erased before it is answered; what lapses is when a server next runs."""
    for named, known in state.authorizations.by_id.items():
        if known.rejected and known.jobs and not known.erased:
            yield known.ended_by or known.sequence, f"what was found under {named} was not erased"


RULES = (
    Rule(
        "authorizations",
        "Under strict purposes videos are searched while an authorization of the case holds.",
        _authorized,
    ),
    Rule("finds", "Whom a video shows is reviewed on the case of an authorization that holds.", _found),
    Rule("approvers", "Whoever asks for an authorization does not decide on it.", _decided_by_another),
    Rule(
        "exigency", "The authority is asked, and decides, within the hours; nothing is back-dated.", _in_time
    ),
    Rule("void searches", "Nobody reads what a refused or lapsed authorization has found.", _void),
    Rule("erasures", "What was found under a rejected authorization is erased.", end=_erased),
)
