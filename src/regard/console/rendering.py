"""From a view to HTML. Every value is text: none becomes markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from regard.console.assets import asset_path
from regard.console.languages import LANGUAGES, texts_of
from regard.console.page import Page, PageView
from regard.console.visit import PageVisit


def render(view: PageView, visit: PageVisit, pages: Sequence[Page]) -> str:
    """The page as HTML, in the visitor's language; `pages` are those of the console."""
    roles = visit.caller.roles
    frame: Mapping[str, Any] = {
        "visit": visit,
        "person": visit.person,
        "menu": [page for page in pages if page.menu and page.roles is not None and page.is_for(roles)],
        "home": visit.home,
        "languages": LANGUAGES,
        "language": visit.texts.language,
    }
    return _environment(visit.texts.language).get_template(view.template).render({**frame, **view.values})


@cache
def _environment(language: str) -> Environment:
    texts = texts_of(language)
    environment = Environment(
        loader=PackageLoader("regard.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        texts.gettext, texts.ngettext, newstyle=True
    )
    locale = texts.locale

    def moment(value: datetime | float | None) -> str:
        """A moment in UTC, as a person reads it and as a program does."""
        if value is None:
            return "–"
        when = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
        when = when.astimezone(UTC)
        shown = format_datetime(when, "medium", locale=locale)
        return Markup('<time datetime="{}">{} UTC</time>').format(when.isoformat(timespec="seconds"), shown)

    def day(value: datetime | None) -> str:
        return "–" if value is None else format_date(value.astimezone(UTC), "medium", locale=locale)

    def number(value: float) -> str:
        return format_decimal(value, locale=locale)

    def percent(value: float, digits: int = 1) -> str:
        """A share of 0 to 1 in percent."""
        pattern = "#,##0." + "#" * digits + "\N{NO-BREAK SPACE}%"
        return format_percent(value, format=pattern, locale=locale)

    environment.filters.update(moment=moment, day=day, number=number, percent=percent)
    environment.globals.update(asset=asset_path, escape=escape)
    return environment
