"""`/console/keys`: access keys of programs, made, suspended and resumed, and what each may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit
from regard.errors import ValidationException
from regard.governance.permissions import ROLES
from regard.governance.purpose import PURPOSES

_PATH: Final = "/console/keys"
_PAGE: Final = 50
_LIMITS: Final[Sequence[tuple[str, str, Callable[[str], Any]]]] = (
    ("RequestsPerSecond", msgid("Requests a second"), int),
    ("ImagesPerMonth", msgid("Images a month"), int),
    ("VideoMinutesPerMonth", msgid("Minutes of video a month"), int),
    ("MoneyPerMonth", msgid("Money a month, by the price list"), float),
    ("FacesStored", msgid("Faces stored"), int),
)


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_keys", MaxResults=_PAGE, NextToken=visit.query.get("token"))
    quotas = visit.call("list_quotas")["Quotas"]
    values = {
        "keys": answer["Keys"],
        "token": answer.get("NextToken"),
        "roles": [(role, role) for role in ROLES],
        "purposes": [(one, one) for one in PURPOSES],
        "quotas": quotas,
        "limits": [(name, words) for name, words, _ in _LIMITS],
    }
    return PageView("keys.html", values, visit.written("list_keys", answer))


def _make(visit: PageVisit) -> PageAnswer:
    made = visit.call(
        "create_key",
        Name=visit.form.get("name"),
        Role=visit.form.get("role"),
        Purpose=visit.form.get("purpose"),
        Person=visit.form.get("person") or None,
    )
    return PageView("made_key.html", {"key": made}, visit.written("create_key", made))


def _suspend(visit: PageVisit) -> PageAnswer:
    visit.call("suspend_key", KeyId=visit.form.get("key"))
    return Redirect(_PATH)


def _resume(visit: PageVisit) -> PageAnswer:
    visit.call("resume_key", KeyId=visit.form.get("key"))
    return Redirect(_PATH)


def _limit(visit: PageVisit) -> PageAnswer:
    try:
        limits = {name: kind(visit.form.get(name)) for name, _, kind in _LIMITS if visit.form.get(name)}
    except ValueError as error:
        raise ValidationException(visit.say("A limit is a number; an empty field is no limit.")) from error
    visit.call("set_quota", Holder=visit.form.get("holder"), **limits)
    return Redirect(_PATH)


PAGES: Final[Sequence[Page]] = (
    Page(
        path=_PATH,
        show=_list,
        acts={"make": _make, "suspend": _suspend, "resume": _resume, "limit": _limit},
        roles=frozenset({"admin"}),
        guarded=frozenset({"make", "resume", "limit"}),
        title=msgid("Keys"),
        menu=True,
    ),
)
