"""`/console/settings`: the rules in force here, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView
from regard.console.visit import PageVisit


def _show(visit: PageVisit) -> PageAnswer:
    answer = visit.call("get_rules")
    rules: Mapping[str, Any] = json.loads(answer["Rules"])
    values = {
        "profiles": answer["Profiles"],
        "digest": answer["Digest"],
        "site_purpose": answer["SitePurpose"],
        "rules": {name: _words(value) for name, value in rules.items()},
    }
    return PageView("settings.html", values, {**visit.written("get_rules", answer), "Rules": rules})


def _words(value: Any) -> str:
    """A rule's value on a line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value) or "–"
    return "–" if value is None else str(value)


PAGES: Final[Sequence[Page]] = (
    Page(
        path="/console/settings",
        show=_show,
        roles=frozenset({"admin", "auditor"}),
        title=msgid("Rules in force"),
        menu=True,
    ),
)
