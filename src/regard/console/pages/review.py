"""`/console/review`: the next sheet to rate, blind, and what a reviewer's ratings came to."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.visit import PageVisit
from regard.console.wording import CANDIDATE_STATES, FEATURES, RATINGS
from regard.errors import InvalidParameterException, ResourceNotFoundException, ValidationException

ROLES: Final = frozenset({"reviewer"})
REVIEW: Final = "/console/review"
_PAUSE_AFTER: Final = 30 * 60  # seconds
_NOTE: Final = 4096  # characters that a rating's note may have
_READ: Final = 1000
_DUTY_HOURS: Final = (4, 8, 12, 24)
_SINCE: Final = re.compile(r"\d{1,12}")


def _show(visit: PageVisit) -> PageAnswer:
    return _begin(visit)


def _begin(visit: PageVisit, *, is_empty: bool = False, refusal: str | None = None) -> PageAnswer:
    """Where one takes a sheet, and says that one is on duty."""
    answer = visit.call("get_duty")
    own = [one for one in answer["OnDuty"] if visit.person and one["PersonId"] == visit.person.person_id]
    values = {
        "is_empty": is_empty,
        "since": _since(visit),
        "duty": own[0] if own else None,
        "hours": [(str(hours), str(hours)) for hours in _DUTY_HOURS],
        "refusal": refusal,
    }
    return PageView("review.html", values, visit.written("get_duty", answer), 200 if not refusal else 422)


def _go_on_duty(visit: PageVisit) -> PageAnswer:
    hours = visit.form.get("hours")
    if hours not in {str(one) for one in _DUTY_HOURS}:
        return _begin(visit, refusal=visit.say("Choose for how many hours."))
    until = datetime.now(UTC) + timedelta(hours=int(hours), seconds=-1)  # a day from now, and no more
    try:
        visit.call("put_duty", Until=until, NotificationChannel=visit.form.get("channel"))
    except (InvalidParameterException, ValidationException) as error:
        return _begin(visit, refusal=error.message)
    return Redirect(visit.address)


def _go_off_duty(visit: PageVisit) -> PageAnswer:
    visit.call("end_duty")
    return Redirect(visit.address)


def _take(visit: PageVisit) -> PageAnswer:
    """The next sheet; nobody chooses which."""
    since = _since(visit)
    try:
        taken = visit.call("take_review")
    except ResourceNotFoundException:
        return _begin(visit, is_empty=True)
    return Redirect(f"{REVIEW}/{taken['ReviewId']}?since={since}")


def _show_sheet(visit: PageVisit) -> PageAnswer:
    return _sheet(visit)


def _sheet(visit: PageVisit, refusal: str | None = None, *, is_stale: bool = False) -> PageAnswer:
    """The sheet, with what was filled in; nothing on it tells more than faces."""
    sheet = visit.call("get_review_sheet", ReviewId=visit.path["review_id"])
    values = {
        "sheet": sheet,
        "features": [(name, visit.say(FEATURES[name])) for name in sheet["Features"]],
        "ratings": RATINGS,
        "since": _since(visit),
        "refusal": refusal,
        "is_stale": is_stale,
    }
    status = 200 if refusal is None and not is_stale else 422
    return PageView("sheet.html", values, visit.written("get_review_sheet", sheet), status)


def _commit(visit: PageVisit) -> PageAnswer:
    """Takes the ratings; what the face model says is told after them."""
    if not visit.is_fresh:  # what was filled in stays, and is sent again once the person has shown themself
        return _sheet(visit, is_stale=True)
    review_id = visit.path["review_id"]
    numbers = visit.call("get_review_sheet", ReviewId=review_id)["Candidates"]
    try:
        answer = visit.call(
            "put_ratings", ReviewId=review_id, Ratings=[_rating(visit, number) for number in numbers]
        )
    except (InvalidParameterException, ValidationException) as error:
        return _sheet(visit, error.message)
    since = _since(visit)
    values = {
        "rated": answer,
        "states": CANDIDATE_STATES,
        "ratings": {int(value): words for value, words in RATINGS.items()},
        "since": since,
        "is_pause_due": time.time() - since >= _PAUSE_AFTER,
    }
    return PageView("rated.html", values, visit.written("put_ratings", answer))


def _rating(visit: PageVisit, number: int) -> dict[str, Any]:
    """What was said of one face. The features that tell are kept by name, and how they tell in the note.

    Raises InvalidParameterException where it isn't rated.
    """
    form = visit.form
    value = form.get(f"value-{number}")
    if value not in RATINGS:
        raise InvalidParameterException(visit.say("Rate face %(number)s.", number=number))
    agree = [name for name in FEATURES if form.get(f"{name}-{number}") == "agree"]
    differ = [name for name in FEATURES if form.get(f"{name}-{number}") == "differ"]
    told = [
        form.get(f"note-{number}"),
        f"Agree: {', '.join(agree)}." if agree else "",
        f"Differ: {', '.join(differ)}." if differ else "",
        f"Seen {form.get('view')[:200]}." if form.get("view") else "",
    ]
    note = " ".join(part for part in told if part)[:_NOTE]
    rating: dict[str, Any] = {"Number": number, "Value": int(value), "Features": [*agree, *differ]}
    return rating | ({"Note": note} if note else {})


def _picture(visit: PageVisit) -> PageAnswer:
    number = visit.path["number"]
    if not number.isdecimal() or len(number) > 3:
        raise ResourceNotFoundException(visit.say("The sheet has no such picture."))
    review_id = visit.path["review_id"]
    picture = visit.call("get_review_picture", ReviewId=review_id, Number=int(number))["Picture"]
    return RawContent(bytes(picture), "image/jpeg")


def _record(visit: PageVisit) -> PageAnswer:
    """How the visitor did on sheets whose answer is known, and nobody else."""
    answer = visit.call("list_proficiency", MaxResults=_READ)
    person = visit.person
    own: Mapping[str, Any] | None = None
    for one in answer["Proficiency"]:
        if person is not None and one["PersonId"] == person.person_id:
            own = one
    data = {"Proficiency": [] if own is None else [own]}
    return PageView("review_record.html", {"own": own}, data)


def _since(visit: PageVisit) -> int:
    """When the visitor began to review, in seconds since the epoch: their browser brings it along."""
    told = visit.query.get("since", "")
    return int(told) if _SINCE.fullmatch(told) else int(time.time())


PAGES: Final[Sequence[Page]] = (
    Page(
        path=REVIEW,
        show=_show,
        acts={"take": _take, "duty": _go_on_duty, "off": _go_off_duty},
        roles=ROLES,
        title="Review",
        menu=True,
    ),
    Page(path=REVIEW + "/record", show=_record, roles=ROLES, title="My measured error", menu=True),
    Page(
        path=REVIEW + "/{review_id}",
        show=_show_sheet,
        acts={"commit": _commit},
        roles=ROLES,
        title="Is it the same person?",
    ),
    Page(
        path=REVIEW + "/{review_id}/pictures/{number}",
        show=_picture,
        roles=ROLES,
        title="Picture",
        is_part=True,
    ),
)
