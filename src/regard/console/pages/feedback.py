"""`/feedback`: what anybody asks or complains of, without an account; `/feedback/CODE`: how that stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit
from regard.console.wording import FEEDBACK_KINDS, FEEDBACK_STATES
from regard.errors import InvalidParameterException, LimitExceededException, ServiceError

_TEXT: Final = 4096
_CONTACT: Final = 256
_PICTURE: Final = 1_048_576  # bytes


def _form(visit: PageVisit) -> PageAnswer:
    code = visit.query.get("code", "").strip()
    if code:
        return Redirect(f"/feedback/{quote(code, safe='')}")
    return _shown(visit)


def _shown(visit: PageVisit, error: ServiceError | None = None) -> PageView:
    """The form, with what was sent and why it was not taken."""
    values = {
        "kinds": [(kind, visit.say(words)) for kind, words in FEEDBACK_KINDS.items()],
        "refusal": None if error is None else error.message,
        "longest": {"text": _TEXT, "contact": _CONTACT},
    }
    data = {} if error is None else {"__type": error.code, "message": error.message}
    return PageView("feedback.html", values, data, 200 if error is None else 422)


def _send(visit: PageVisit) -> PageAnswer:
    try:
        answer = _sent(visit)
    except (InvalidParameterException, LimitExceededException) as error:
        return _shown(visit, error)
    values = {"code": answer["Code"], "due": answer["Due"]}
    return PageView("feedback_sent.html", values, visit.written("send_feedback", answer))


def _sent(visit: PageVisit) -> dict[str, object]:
    form = visit.form
    text, contact, picture = form.get("text"), form.get("contact"), form.file("picture")
    if not text:
        raise InvalidParameterException(visit.say("Write what it is about."))
    if len(text) > _TEXT or len(contact) > _CONTACT:
        raise InvalidParameterException(visit.say("That is too long: say it shorter."))
    if form.get("kind") not in FEEDBACK_KINDS:
        raise InvalidParameterException(visit.say("Choose what it is about."))
    if picture is not None and len(picture.content) > _PICTURE:
        raise InvalidParameterException(visit.say("The picture is larger than 1 megabyte."))
    return visit.ask(
        "send_feedback",
        Kind=form.get("kind"),
        Text=text,
        Contact=contact or None,
        Picture=None if picture is None else picture.content,
    )


def _status(visit: PageVisit) -> PageAnswer:
    answer = visit.ask("get_feedback", Code=visit.path["code"])
    values = {"matter": answer, "kinds": FEEDBACK_KINDS, "states": FEEDBACK_STATES}
    return PageView("feedback_status.html", values, visit.written("get_feedback", answer))


PAGES: Final[Sequence[Page]] = (
    Page(path="/feedback", show=_form, acts={"send": _send}, roles=None, takes_pictures=True),
    Page(path="/feedback/{code}", show=_status, roles=None),
)
