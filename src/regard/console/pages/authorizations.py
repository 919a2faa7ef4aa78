"""`/console/authorizations`: leave to search faces in moving pictures, asked for, decided on, and ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from babel.dates import format_timedelta

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.pages.cases import ROLES
from regard.console.visit import PageVisit
from regard.console.wording import AUTHORIZATION_STATES, FACTS, GROUNDS, choices
from regard.errors import InvalidParameterException, ValidationException

AUTHORIZATIONS: Final = "/console/authorizations"
_SHOWN: Final = 50
_READ: Final = 1000
_REFUSED: Final = (InvalidParameterException, ValidationException)


def _show_all(visit: PageVisit) -> PageAnswer:
    return _list(visit)


def _list(visit: PageVisit, refusal: str | None = None) -> PageAnswer:
    """The list, of one case where the query names it, and the form to ask for another."""
    answer = visit.call(
        "list_authorizations",
        CaseId=visit.query.get("case") or None,
        MaxResults=_SHOWN,
        NextToken=visit.query.get("token"),
    )
    may_ask = visit.has_role("investigator")
    found = [(one, _deadline(visit, one)) for one in answer["Authorizations"]]
    values = {
        "authorizations": found,
        "token": answer.get("NextToken"),
        "states": AUTHORIZATION_STATES,
        "cases": _cases(visit) if may_ask else (),
        "collections": visit.call("list_collections", MaxResults=_READ)["CollectionIds"] if may_ask else (),
        "grounds": choices(visit, GROUNDS),
        "facts": choices(visit, FACTS),
        "chosen": visit.form.get("case") or visit.query.get("case", ""),
        "refusal": refusal,
    }
    status = 200 if refusal is None else 422
    return PageView("authorizations.html", values, visit.written("list_authorizations", answer), status)


def _cases(visit: PageVisit) -> Sequence[tuple[str, str]]:
    """The open cases that the visitor works on, to choose from."""
    person = visit.person
    return [
        (one["CaseId"], f"{one['CaseId']} · {one['Reference']}")
        for one in reversed(list(visit.every("list_cases", "Cases")))
        if "Closed" not in one and person is not None and person.person_id in one["Members"]
    ]


def _deadline(visit: PageVisit, one: Mapping[str, Any]) -> tuple[str, datetime, str] | None:
    """What ends next: what it is, when, and how far that is; None where nothing is to come."""
    words = {
        "EXIGENT": ("AskBy", visit.say("The authority must be asked by")),
        "AWAITING": ("DecideBy", visit.say("The decision must be entered by")),
        "APPROVED": ("From", visit.say("Begins")),
        "ACTIVE": ("Until", visit.say("Ends")),
    }
    member, said = words.get(one["State"], ("", ""))
    when: datetime | None = one.get(member)
    if when is None:
        return None
    left = format_timedelta(when - datetime.now(UTC), add_direction=True, locale=visit.texts.locale)
    return said, when, left


def _request(visit: PageVisit) -> PageAnswer:
    form = visit.form
    try:
        made = visit.call(
            "request_authorization",
            CaseId=form.get("case"),
            Basis=form.get("basis"),
            CollectionId=form.get("collection"),
            Videos=_lines(form.get("videos")),
            Cameras=_lines(form.get("cameras")),
            Faces=_lines(form.get("faces")),
            From=_moment(visit, form.get("from")),
            Until=_moment(visit, form.get("until")),
            Covert=form.get("covert") == "yes",
            Grounds=form.get("grounds") or None,
            Attested=form.all("attested"),
        )
    except _REFUSED as error:
        return _list(visit, error.message)
    return Redirect(f"{AUTHORIZATIONS}/{made['AuthorizationId']}")


def _show(visit: PageVisit) -> PageAnswer:
    return _one(visit)


def _one(visit: PageVisit, refusal: str | None = None) -> PageAnswer:
    found = visit.call("get_authorization", AuthorizationId=visit.path["authorization_id"])
    may_decide, state = visit.has_role("approver"), found["State"]
    is_undecided = found["Basis"] == "exigency" and "Approved" not in found
    decisions = {
        "approve": state == "REQUESTED",
        "ratify": is_undecided and state in {"EXIGENT", "AWAITING"},
        "extend": not is_undecided and state in {"APPROVED", "ACTIVE"},
        "reject": state in {"REQUESTED", "EXIGENT", "AWAITING"},
        "revoke": state in {"APPROVED", "ACTIVE"},
    }
    values = {
        "found": found,
        "deadline": _deadline(visit, found),
        "states": AUTHORIZATION_STATES,
        "grounds": GROUNDS,
        "facts": FACTS,
        "may_submit": visit.has_role("investigator") and state == "EXIGENT",
        "decisions": {act for act, is_open in decisions.items() if is_open and may_decide},
        "refusal": refusal,
    }
    data = visit.written("get_authorization", found)
    return PageView("authorization.html", values, data, 200 if refusal is None else 422)


def _act(visit: PageVisit, operation: str, read: Callable[[PageVisit], Mapping[str, Any]]) -> PageAnswer:
    """Does it, and shows what came of it; what is asked for wrongly is said above the page."""
    try:
        answer = visit.call(operation, AuthorizationId=visit.path["authorization_id"], **read(visit))
    except _REFUSED as error:
        return _one(visit, error.message)
    return Redirect(f"{AUTHORIZATIONS}/{answer['AuthorizationId']}")


def _submit(visit: PageVisit) -> PageAnswer:
    return _act(visit, "submit_authorization", lambda visit: {"Authority": visit.form.get("authority")})


def _approve(visit: PageVisit) -> PageAnswer:
    return _act(visit, "approve_authorization", _document)


def _ratify(visit: PageVisit) -> PageAnswer:
    return _act(visit, "ratify_authorization", _document)


def _extend(visit: PageVisit) -> PageAnswer:
    return _act(visit, "extend_authorization", _document)


def _reject(visit: PageVisit) -> PageAnswer:
    return _act(visit, "reject_authorization", lambda visit: {"Reason": visit.form.get("reason")})


def _revoke(visit: PageVisit) -> PageAnswer:
    return _act(visit, "revoke_authorization", lambda visit: {"Reason": visit.form.get("reason")})


def _document(visit: PageVisit) -> Mapping[str, Any]:
    """What the authority issued. Of a file that is sent only the SHA-256 is taken; it is not kept."""
    form, file = visit.form, visit.form.file("document")
    digest = form.get("digest") if file is None else hashlib.sha256(file.content).hexdigest()
    issued = _moment(visit, form.get("issued"))
    if not digest or issued is None:
        raise ValidationException(visit.say("Say when the document was issued, and give it or its SHA-256."))
    return {
        "Issuer": form.get("issuer"),
        "Number": form.get("number"),
        "Digest": digest,
        "Issued": issued,
        "Until": _moment(visit, form.get("until")),
    }


def _moment(visit: PageVisit, text: str) -> datetime | None:
    """A moment of a form, in UTC; None for an empty field. Raises ValidationException."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except ValueError as error:
        raise ValidationException(visit.say("Write a date and time as 2026-11-30T09:00.")) from error


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


PAGES: Final[Sequence[Page]] = (
    Page(
        path=AUTHORIZATIONS,
        show=_show_all,
        acts={"request": _request},
        roles=ROLES,
        title="Authorizations",
        menu=True,
    ),
    Page(
        path=AUTHORIZATIONS + "/{authorization_id}",
        show=_show,
        acts={
            "submit": _submit,
            "approve": _approve,
            "ratify": _ratify,
            "extend": _extend,
            "reject": _reject,
            "revoke": _revoke,
        },
        roles=ROLES,
        title="Authorization",
        takes_pictures=True,
    ),
)
