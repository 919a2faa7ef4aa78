"""`/console/cases`: why faces are searched, what came of it, and what is known besides."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.paths import inner_path
from regard.console.visit import PageVisit
from regard.console.wording import (
    ATTESTED,
    AUTHORIZATION_STATES,
    CANDIDATE_STATES,
    EVIDENCE_KINDS,
    PURPOSES,
    REVIEW_STATES,
    choices,
)
from regard.errors import InvalidParameterException, ValidationException
from regard.presentation.packets import write_packet

ROLES: Final = frozenset({"investigator", "approver"})
CASES: Final = "/console/cases"
_SHOWN: Final = 50
_READ: Final = 1000


def _show_all(visit: PageVisit) -> PageAnswer:
    return _cases(visit)


def _cases(visit: PageVisit, refusal: str | None = None) -> PageAnswer:
    """The list, with the form that opens another case; `refusal` says why that was not taken."""
    answer = visit.call("list_cases", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
    may_open = visit.has_role("investigator")
    back = inner_path(visit.form.get("next") or visit.query.get("next", "")) or ""
    is_query = back.startswith("/console/query")  # which makes pictures smaller
    values = {
        "cases": answer["Cases"],
        "token": answer.get("NextToken"),
        "may_open": may_open,
        "offences": _offences(visit) if may_open else (),
        "purposes": PURPOSES,
        "purpose_choices": choices(visit, PURPOSES),
        "attested": ATTESTED,
        "refusal": refusal,
        "is_opening": refusal is not None or "open" in visit.query,
        "next": back,
        "edits": visit.form.get("edits") or (visit.say("made smaller, to 2,048 pixels") if is_query else ""),
    }
    status = 200 if refusal is None else 422
    return PageView("cases.html", values, visit.written("list_cases", answer), status)


def _offences(visit: PageVisit) -> Sequence[tuple[str, str]]:
    """The offences for which the rules here allow a search, to choose from; none where they allow any."""
    listed = json.loads(visit.call("get_rules")["Rules"]).get("offences") or ()
    return [("", "–"), *((one, one) for one in listed)] if listed else ()


def _open(visit: PageVisit) -> PageAnswer:
    form = visit.form
    try:
        made = visit.call(
            "create_case",
            Reference=form.get("reference"),
            Purpose=form.get("purpose"),
            Offence=form.get("offence") or None,
            Basis=form.get("basis"),
            Justification=form.get("justification"),
            Attested=form.all("attested"),
            Edits=_lines(form.get("edits")),
            Members=_lines(form.get("members")),
            NotificationChannel=form.get("channel") or None,
        )
    except (InvalidParameterException, ValidationException) as error:
        return _cases(visit, error.message)
    back = inner_path(form.get("next"))
    if back is not None:
        return Redirect(f"{back}?case={made['CaseId']}")
    return Redirect(f"{CASES}/{made['CaseId']}")


def _show(visit: PageVisit) -> PageAnswer:
    return _case(visit)


def _case(visit: PageVisit, refusal: str | None = None) -> PageAnswer:
    case_id = visit.path["case_id"]
    case = visit.call("get_case", CaseId=case_id)
    token = visit.query.get("token")
    found = visit.call("list_reviews", CaseId=case_id, MaxResults=_SHOWN, NextToken=token)
    reviews = found["Reviews"]
    person = visit.person
    is_member = person is not None and person.person_id in case["Members"]
    values = {
        "case": case,
        "is_member": is_member,
        "on_duty": visit.call("get_duty")["OnDuty"] if is_member and "Closed" not in case else [],
        "reviews": reviews,
        "token": found.get("NextToken"),
        "leads": _leads(visit, reviews),
        "evidence": visit.call("list_evidence", CaseId=case_id, MaxResults=_READ)["Evidence"],
        "authorizations": visit.call("list_authorizations", CaseId=case_id, MaxResults=_READ)[
            "Authorizations"
        ],
        "purposes": PURPOSES,
        "attested": ATTESTED,
        "review_states": REVIEW_STATES,
        "candidate_states": CANDIDATE_STATES,
        "authorization_states": AUTHORIZATION_STATES,
        "kinds": EVIDENCE_KINDS,
        "kind_choices": choices(visit, EVIDENCE_KINDS),
        "refusal": refusal,
    }
    return PageView("case.html", values, visit.written("get_case", case), 200 if refusal is None else 422)


def _leads(visit: PageVisit, reviews: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, str]]:
    """The candidates that there may be evidence about, to choose from."""
    return [
        (
            f"{review['ReviewId']}:{one['Number']}",
            visit.say("%(review)s, candidate %(number)s", review=review["ReviewId"], number=one["Number"]),
        )
        for review in reviews
        for one in review["Candidates"]
        if one["Status"] in {"LEAD", "CONFIRMED", "DISPUTED", "UPHELD"}
    ]


def _add_evidence(visit: PageVisit) -> PageAnswer:
    form = visit.form
    review, _, number = form.get("lead").partition(":")
    if not number.isdecimal():
        return _case(visit, visit.say("Choose the lead that it is about."))
    try:
        visit.call(
            "add_evidence",
            CaseId=visit.path["case_id"],
            ReviewId=review,
            Number=int(number),
            Kind=form.get("kind"),
            Description=form.get("description"),
            Reference=form.get("reference") or None,
            Digest=form.get("digest") or None,
            Independent=form.get("independent") == "yes",
        )
    except (InvalidParameterException, ValidationException) as error:
        return _case(visit, error.message)
    return Redirect(f"{visit.address}#evidence")


def _mark(visit: PageVisit, *, urgent: bool) -> PageAnswer:
    """Marks the case urgent, or takes that back."""
    reason = visit.form.get("urgency")
    try:
        visit.call("put_case_urgency", CaseId=visit.path["case_id"], Urgent=urgent, Reason=reason)
    except ValidationException as error:
        return _case(visit, error.message)
    return Redirect(visit.address)


def _close(visit: PageVisit) -> PageAnswer:
    visit.call("close_case", CaseId=visit.path["case_id"], Reason=visit.form.get("reason"))
    return Redirect(visit.address)


def _packet(visit: PageVisit) -> PageAnswer:
    answer = visit.call("get_disclosure", CaseId=visit.path["case_id"])
    packet = io.BytesIO()
    write_packet(packet, answer)
    return RawContent(packet.getvalue(), "application/zip", f"{answer['CaseId']}.zip")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


PAGES: Final[Sequence[Page]] = (
    Page(path=CASES, show=_show_all, acts={"open": _open}, roles=ROLES, title="Cases", menu=True),
    Page(
        path=CASES + "/{case_id}",
        show=_show,
        acts={
            "evidence": _add_evidence,
            "close": _close,
            "urgent": partial(_mark, urgent=True),
            "calm": partial(_mark, urgent=False),
        },
        roles=ROLES,
        title="Case",
    ),
    Page(path=CASES + "/{case_id}/packet", show=_packet, roles=ROLES, title="Disclosure packet"),
)
