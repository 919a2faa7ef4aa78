"""In which language somebody reads the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.console.cookies import LANGUAGE_COOKIE
from regard.console.languages import LANGUAGES
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.paths import inner_path
from regard.console.visit import PageVisit
from regard.errors import ValidationException


def _show(visit: PageVisit) -> PageAnswer:
    values = {"next": inner_path(visit.query.get("next", "")) or visit.home}
    return PageView("language.html", values, {"Languages": dict(LANGUAGES)})


def _choose(visit: PageVisit) -> PageAnswer:
    language = visit.form.get("language")
    if language not in LANGUAGES:
        raise ValidationException(visit.say("There is no such language here."))
    to = inner_path(visit.form.get("next")) or visit.home
    return Redirect(to, {LANGUAGE_COOKIE: language})


PAGES: Final[Sequence[Page]] = (
    Page(path="/console/language", show=_show, acts={"choose": _choose}, roles=None, title="Language"),
)
