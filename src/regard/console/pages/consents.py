"""`/console/privacy/consents`: who agreed that their face is enrolled: listed, recorded, withdrawn."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from regard.console.dates import read_moment, read_past
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.pages.erasures import faces_of
from regard.console.pages.privacy import PRIVACY, collections
from regard.console.visit import PageVisit
from regard.errors import InvalidParameterException, ResourceNotFoundException

_LIST: Final = "/console/privacy/consents"
_SHOWN: Final = 50
_AT_ONCE: Final = 1000
_TIMES: Final = ("GivenAt", "Until")
_COLUMNS: Final = ("Subject", "TextVersion", "Form", "GivenAt", "Until", "Digest")
_FORMS: Final = {
    "WRITTEN": msgid("On paper"),
    "ELECTRONIC": msgid("Electronically"),
    "SPOKEN": msgid("By word"),
}
_STATES: Final = {
    "GIVEN": msgid("Given"),
    "WITHDRAWN": msgid("Withdrawn"),
    "EXPIRED": msgid("Expired"),
    "ERASED": msgid("Ended, and the faces erased"),
}


def _show(visit: PageVisit) -> PageAnswer:
    wanted = {"CollectionId": visit.query.get("collection"), "Subject": visit.query.get("subject")}
    answer = visit.call(
        "list_consents",
        MaxResults=_SHOWN,
        NextToken=visit.query.get("token"),
        **{name: value or None for name, value in wanted.items()},
    )
    values = {
        "consents": answer["Consents"],
        "next_token": answer.get("NextToken"),
        "collections": collections(visit),
        "states": _STATES,
    }
    return PageView("consents.html", values, visit.written("list_consents", answer))


def _new(visit: PageVisit) -> PageAnswer:
    values = {
        "collections": collections(visit),
        "forms_of": [(form, visit.say(words)) for form, words in _FORMS.items()],
        "columns": ", ".join(_COLUMNS),
    }
    return PageView("consent_new.html", values)


def _put(visit: PageVisit) -> PageAnswer:
    form, evidence = visit.form, visit.form.file("evidence")
    if evidence is None:
        raise InvalidParameterException(visit.say("Choose the file that shows the consent."))
    until = form.get("until")
    visit.call(
        "put_consent",
        CollectionId=form.get("collection"),
        Subject=form.get("subject"),
        TextVersion=form.get("text_version"),
        Form=form.get("form"),
        GivenAt=read_past(visit, form.get("given")),
        Until=read_moment(visit, until) if until else None,
        Digest=hashlib.sha256(evidence.content).hexdigest(),
    )
    return Redirect(_LIST)


def _import(visit: PageVisit) -> PageAnswer:
    file = visit.form.file("file")
    if file is None:
        raise InvalidParameterException(visit.say("Choose a CSV file."))
    try:
        rows = list(_rows(visit, file.content.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidParameterException(visit.say("The file is no CSV in UTF-8.")) from error
    if not 0 < len(rows) <= _AT_ONCE:
        raise InvalidParameterException(
            visit.say("The file must have from 1 to 1,000 consents; `regard consents import` takes more.")
        )
    visit.call("import_consents", CollectionId=visit.form.get("import_collection"), Consents=rows)
    return Redirect(_LIST)


def _rows(visit: PageVisit, text: str) -> Iterator[dict[str, Any]]:
    for row in csv.DictReader(text.splitlines()):
        given = {name: value for name, value in row.items() if name in _COLUMNS and value}
        yield {name: read_moment(visit, value) if name in _TIMES else value for name, value in given.items()}


def _consent(visit: PageVisit) -> PageAnswer:
    """One consent, and what will be erased with it."""
    consent = _found(visit, visit.path["id"])
    faces = faces_of(visit, consent["CollectionId"], person=consent["Subject"])
    forms = {form: visit.say(words) for form, words in _FORMS.items()}
    values = {"consent": consent, "faces": faces, "states": _STATES, "forms_of": forms}
    data = visit.written("list_consents", {"Consents": [consent]})["Consents"][0]
    return PageView("consent.html", values, data)


def _found(visit: PageVisit, consent_id: str) -> dict[str, Any]:
    token: str | None = None
    while True:
        answer = visit.call("list_consents", MaxResults=_AT_ONCE, NextToken=token)
        for one in answer["Consents"]:
            if one["ConsentId"] == consent_id:
                return dict(one)
        token = answer.get("NextToken")
        if token is None:
            raise ResourceNotFoundException(visit.say("There is no such consent."))


def _withdraw(visit: PageVisit) -> PageAnswer:
    reason = visit.form.get("reason") or None
    done = visit.call("withdraw_consent", ConsentId=visit.path["id"], Reason=reason)
    return Redirect(f"/receipts/{done['Erasure']['ReceiptId']}")


PAGES: Final[Sequence[Page]] = (
    Page(path=_LIST, show=_show, roles=PRIVACY),
    Page(
        path=_LIST + "/new",
        show=_new,
        acts={"put": _put, "import": _import},
        roles=PRIVACY,
        takes_pictures=True,
    ),
    Page(
        path=_LIST + "/{id}",
        show=_consent,
        acts={"withdraw": _withdraw},
        roles=PRIVACY,
        guarded=frozenset({"withdraw"}),  # the faces go with it
    ),
)
