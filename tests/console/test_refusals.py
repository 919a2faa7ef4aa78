"""What operations refuse with is read in the visitor's language; no sentence of the casework lacks one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from regard.app import asgi, build
from regard.console.languages import texts_of
from regard.console.refusals import TEMPLATES, said_refusal, template_of
from regard.settings import Settings
from tests.console.visiting import Visitor

SOURCE = Path(__file__).parents[2] / "src" / "regard"
SCOPE = (
    "governance/responsibility.py",
    "governance/presence.py",
    "governance/cases.py",
    "governance/address_limit.py",
    "governance/people.py",
    "governance/examination/conclusions.py",
    "governance/examination/duty.py",
    "governance/examination/rating.py",
    "governance/examination/reviews.py",
    "governance/examination/sheets.py",
    "governance/authorizations/grants.py",
    "operations/responsibility/cases.py",
    "operations/responsibility/sheets.py",
    "console/origin.py",
    "console/forms.py",
    "console/well_formed.py",
)
"""Where what is refused has translations: who may, cases, reviews, authorizations that a search takes, forms.
"""


def refusals(module: str) -> Iterator[str]:
    """Every sentence that a module refuses with, with `7` in place of each value."""
    tree = ast.parse((SOURCE / module).read_text("utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        name = getattr(call.func, "id", "")
        told = call.args[0]
        if not name.endswith("Exception"):
            continue
        if isinstance(told, ast.Constant) and isinstance(told.value, str):
            yield told.value
        elif isinstance(told, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "7" for part in told.values)
            yield "".join(str(part) for part in parts)


@pytest.mark.parametrize("module", SCOPE)
def test_no_refusal_lacks_a_template(module: str) -> None:
    found = list(refusals(module))
    assert found
    assert [message for message in found if template_of(message) is None] == []


def test_every_template_is_of_a_refusal_that_there_is() -> None:
    matched = {found[0] for module in SCOPE for one in refusals(module) if (found := template_of(one))}
    assert set(TEMPLATES) - matched <= {"Sign in first."}


def test_values_stay_where_the_language_has_them() -> None:
    message = "The case C-2026-000001 is for the purpose missing-person, and this is for law-enforcement."
    said = said_refusal(texts_of("de"), message)
    assert said != message
    assert re.findall(r"C-2026-000001|missing-person|law-enforcement", said) == [
        "C-2026-000001",
        "missing-person",
        "law-enforcement",
    ]
    assert said_refusal(texts_of("en"), message) == message


def test_a_value_is_text_and_never_a_template() -> None:
    message = "There is no case %(case)s 100 % that you work on."
    assert "%(case)s 100 %" in said_refusal(texts_of("fr"), message)


def test_what_has_no_template_stays_english() -> None:
    assert said_refusal(texts_of("es"), "Nobody has said this before.") == "Nobody has said this before."


def test_a_page_says_why_it_refuses_in_the_language_and_to_a_program_as_the_api_does(tmp_path: Path) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data"), has_models=False)
    try:
        visitor = Visitor(asgi(parts))
        german = {"Sec-Fetch-Site": "cross-site", "Accept-Language": "de"}
        page = visitor.post("/feedback", headers=german, act="send")
        assert (page.status_code, "von einer Seite einer anderen Website" in page.text) == (403, True)
        told = visitor.post("/feedback", headers={**german, "Accept": "application/json"}, act="send")
        assert told.json()["message"] == "This form was sent from a page of another site; open it here."
        missing = visitor.get("/receipts/guessed", headers={"Accept-Language": "de"})
        assert missing.status_code == 404
    finally:
        parts.close()
