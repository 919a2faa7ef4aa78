"""What operations refuse with is read in the visitor's language: every sentence that a page can show."""

from __future__ import annotations

import ast
import inspect
import re
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from regard.app import asgi, build
from regard.console.languages import texts_of
from regard.console.refusal_templates import TEMPLATES
from regard.console.refusals import said_refusal, template_of
from regard.errors import InternalServerError, ThrottlingException
from regard.operations import OPERATIONS
from regard.settings import Settings
from tests.console.visiting import Visitor

SOURCE = Path(__file__).parents[2] / "src" / "regard"
CALLS = {"call", "release", "every", "ask"}
BELOW = (
    "collections",
    "context.py",
    "governance",
    "jobs",
    "metering/quotas.py",
    "metering/stored_faces.py",
    "notifications/channel.py",
    "operations/collections",
    "operations/inputs/images.py",
    "operations/privacy",
    "operations/responsibility",
    "operations/reviewing",
    "resources",
    "storage/backend.py",
    "storage/buckets",
    "streams/store.py",
)
"""What operations call, as far as it refuses something that a page may ask for."""
OF_PROGRAMS = (
    "S3 takes no results",  # of bulk analysis, whose jobs no page starts
    "S3 does not take the KmsKeyId",
    "The celebrity id:",  # no page has celebrities
)
PASSED_ON = {"governance/keys.py": "NameTaken", "governance/permissions.py": "RegardError"}
"""Errors of no request that operations pass on as they are."""


def called() -> set[str]:
    """The operations that pages of the console call, by their source."""
    found = set()
    for module in (SOURCE / "console").rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in CALLS and call.args:
                named = call.args[0]
                if isinstance(named, ast.Constant) and named.value in OPERATIONS:
                    found.add(named.value)
    return found


def modules() -> Iterator[Path]:
    """Where what a page asks for is refused: the modules of the operations that it calls, and those below."""
    yield from (SOURCE / "console").rglob("*.py")
    yield from {Path(inspect.getfile(inspect.unwrap(OPERATIONS[key].run))) for key in called()}
    for place in BELOW:
        yield from [SOURCE / place] if place.endswith(".py") else (SOURCE / place).rglob("*.py")


def refusals(module: Path) -> Iterator[str]:
    """Every sentence that a module refuses with, with `7` in place of each value."""
    passed_on = PASSED_ON.get(module.relative_to(SOURCE).as_posix())
    tree = ast.parse(module.read_text("utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        name, told = getattr(call.func, "id", ""), call.args[0]
        if not (name.endswith("Exception") or name in ("InternalServerError", passed_on)):
            continue
        if isinstance(told, ast.Constant) and isinstance(told.value, str):
            yield told.value
        elif isinstance(told, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "7" for part in told.values)
            yield "".join(str(part) for part in parts)


@cache
def sentences() -> Mapping[str, str]:
    """Every sentence that a page can show, with its module."""
    return {
        one: module.relative_to(SOURCE).as_posix()
        for module in sorted(set(modules()))
        for one in refusals(module)
        if not one.startswith(OF_PROGRAMS)
    }


def test_pages_call_what_the_test_reads() -> None:
    assert {"put_case_urgency", "watch_job_video", "set_quota", "hold_case", "erase_faces"} <= called()
    assert {"governance/privacy/holds.py", "operations/administration/quotas.py"} <= {*sentences().values()}


def test_no_refusal_that_a_page_can_show_lacks_a_template() -> None:
    found = sentences()
    assert len(found) > 200
    assert {place: one for one, place in found.items() if template_of(one) is None} == {}


def test_every_template_is_of_a_refusal_that_there_is() -> None:
    source = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if "refusal" not in path.name)
    plain = re.sub(r'"\s*f?"', "", source)  # a sentence that stands on several lines
    for template in TEMPLATES:
        if "validation error" in template:  # whose number follows from a request
            continue
        words = max(re.split(r"%\(\w+\)s", template), key=len).replace("%%", "%")
        assert words.strip() in plain, template


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_each_is_said_with_all_its_values(language: str) -> None:
    for one in sentences():
        if template_of(one) is not None:
            said = said_refusal(texts_of(language), one)
            assert said != one, one
            assert said.count("7") >= one.count("7"), one


@pytest.mark.parametrize("error", [ThrottlingException(), InternalServerError()])
def test_an_error_that_says_no_more_is_said_too(error: ThrottlingException | InternalServerError) -> None:
    assert said_refusal(texts_of("de"), error.message) != error.message


def test_a_sentence_with_a_percent_sign_is_found() -> None:
    message = (
        "rita rated 5 of 20 pairs wrongly whose answer is known, more than 20 %; have a new training "
        "recorded (`regard people train`)."
    )
    said = said_refusal(texts_of("fr"), message)
    assert "rita a mal évalué 5 paires sur 20" in said
    assert "20 % ;" in said
    assert said_refusal(texts_of("en"), message) == message


def test_what_a_form_lacks_is_said_with_its_name() -> None:
    message = (
        "1 validation error detected: Value '' at 'reason' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1"
    )
    said = said_refusal(texts_of("es"), message)
    assert said.startswith("Un dato no es como debe ser: ")
    assert "'reason'" in said


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
        assert (missing.status_code, "Diesen Beleg gibt es nicht." in missing.text) == (404, True)
    finally:
        parts.close()


def test_what_somebody_typed_takes_no_longer_than_its_length() -> None:
    typed = "x rated x of x pairs wrongly whose answer is known, more than x %; " * 200
    began = time.thread_time()
    assert template_of(f"Somebody typed {typed}") is None
    assert time.thread_time() - began < 0.5  # an expression that tries again took minutes


def test_a_value_may_hold_the_words_that_follow_it() -> None:
    found = template_of("There is no case of that you work on that you work on.")
    assert found == ("There is no case %(case)s that you work on.", {"case": "of that you work on"})
