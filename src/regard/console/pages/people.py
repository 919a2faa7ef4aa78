"""`/console/people`: who is there, in which roles, trained in what; invited, suspended, given other roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from regard.console.dates import read_past
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit
from regard.errors import InvalidParameterException, ResourceNotFoundException, ValidationException

_PAGE: Final = 50
_MAX_PAGE: Final = 1000
_PATH: Final = "/console/people"
_ROLES: Final[Mapping[str, str]] = {
    "admin": msgid("Administrator: people, keys, settings"),
    "operator": msgid("Operator: galleries, cameras, models"),
    "investigator": msgid("Investigator: cases and searches"),
    "reviewer": msgid("Reviewer: blind ratings"),
    "auditor": msgid("Auditor: the log and the reports"),
    "approver": msgid("Approver: authorizations and leads"),
    "privacy": msgid("Privacy: consents, complaints, erasures"),
}
_KINDS: Final[Mapping[str, str]] = {"search": msgid("Searching"), "review": msgid("Reviewing")}
_TOPICS: Final[Mapping[str, str]] = {
    "LIMITATIONS": msgid("What face search can and can't do"),
    "INTERPRETATION": msgid("How its output is read and acted on"),
    "HUMAN_REVIEW": msgid("That people decide"),
}


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_people", MaxResults=_PAGE, NextToken=visit.query.get("token"))
    values = {"people": answer["People"], "token": answer.get("NextToken"), "roles": _ROLES}
    return PageView("people.html", values, visit.written("list_people", answer))


def _show(visit: PageVisit) -> PageAnswer:
    person = _person(visit)
    training = visit.call("list_training", PersonId=person["PersonId"], MaxResults=_PAGE)
    values = {
        "one": person,
        "roles": _ROLES,
        "training": training["Training"],
        "kinds": _KINDS,
        "topics": _TOPICS,
        "now": datetime.now(UTC),
    }
    data = {"Person": visit.written("suspend_person", person), **visit.written("list_training", training)}
    return PageView("person.html", values, data)


def _person(visit: PageVisit) -> Mapping[str, Any]:
    """The person of the address. Raises ResourceNotFoundException."""
    wanted, token = visit.path["person_id"], None
    while True:
        answer = visit.call("list_people", MaxResults=_MAX_PAGE, NextToken=token)
        for person in answer["People"]:
            if person["PersonId"] == wanted:
                return dict(person)
        token = answer.get("NextToken")
        if token is None:
            raise ResourceNotFoundException(visit.say("There is no such person."))


def _add(visit: PageVisit) -> PageAnswer:
    name, roles = visit.form.get("name"), _chosen_roles(visit)
    made = visit.call("create_person", Name=name, Roles=roles)
    return _invited(visit, made["PersonId"], name)


def _invite(visit: PageVisit) -> PageAnswer:
    person = _person(visit)
    return _invited(visit, person["PersonId"], person["Name"])


def _invited(visit: PageVisit, person_id: str, name: str) -> PageAnswer:
    """The link that lets somebody sign in for the first time, which is shown this once."""
    invited = visit.call("invite_person", PersonId=person_id)
    link = f"{visit.root}/console/welcome?code={invited['Code']}"
    values = {"name": name, "person_id": person_id, "link": link, "until": invited["Expires"]}
    return PageView("invited.html", values, {"PersonId": person_id, "Link": link})


def _chosen_roles(visit: PageVisit) -> list[str]:
    roles = visit.form.all("role")
    if not roles:
        raise ValidationException(visit.say("Choose at least one role."))
    return roles


def _set_roles(visit: PageVisit) -> PageAnswer:
    visit.call("set_roles", PersonId=visit.path["person_id"], Roles=_chosen_roles(visit))
    return _back(visit)


def _suspend(visit: PageVisit) -> PageAnswer:
    visit.call("suspend_person", PersonId=visit.path["person_id"])
    return _back(visit)


def _resume(visit: PageVisit) -> PageAnswer:
    visit.call("resume_person", PersonId=visit.path["person_id"])
    return _back(visit)


def _reset(visit: PageVisit) -> PageAnswer:
    visit.call("reset_second_factor", PersonId=visit.path["person_id"])
    return _back(visit)


def _train(visit: PageVisit) -> PageAnswer:
    visit.call(
        "record_training",
        PersonId=visit.path["person_id"],
        Kind=visit.form.get("kind"),
        Topics=visit.form.all("topic"),
        Course=visit.form.get("course"),
        Completed=_day(visit, "completed"),
        Digest=visit.form.get("digest") or None,
    )
    return _back(visit)


def _day(visit: PageVisit, name: str) -> datetime:
    """A day of a form that has begun, at its beginning in UTC. Raises ValidationException."""
    try:
        return read_past(visit, visit.form.get(name))
    except InvalidParameterException as error:
        raise ValidationException(visit.say("Write a day as year-month-day, 2026-11-30.")) from error


def _back(visit: PageVisit) -> PageAnswer:
    return Redirect(f"{_PATH}/{visit.path['person_id']}")


_ADMIN: Final = frozenset({"admin"})

PAGES: Final[Sequence[Page]] = (
    Page(path=_PATH, show=_list, acts={"add": _add}, roles=_ADMIN, title=msgid("People"), menu=True),
    Page(
        path=_PATH + "/{person_id}",
        show=_show,
        acts={
            "roles": _set_roles,
            "suspend": _suspend,
            "resume": _resume,
            "reset": _reset,
            "invite": _invite,
            "train": _train,
        },
        roles=_ADMIN,
    ),
)
