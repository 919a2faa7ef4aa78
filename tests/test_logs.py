"""What the log shows, and what it must not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import structlog

from regard import logs
from regard.errors import RegardError


def test_a_traceback_is_logged_without_the_values_of_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure()
    try:
        secret = "-".join(["very", "secret"])
        try:
            raise ValueError(len(secret))
        except ValueError:
            structlog.get_logger("test").exception("a request failed", request_id="7")
    finally:
        structlog.reset_defaults()
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["level"], line["request_id"]) == ("a request failed", "error", "7")
    assert "ValueError: 11" in line["exception"]
    assert "very-secret" not in json.dumps(line)


def line_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    line: dict[str, object] = json.loads(capsys.readouterr().out)
    return line


def test_a_line_says_whose_it_is_and_no_later_one_does(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    try:
        with structlog.contextvars.bound_contextvars(request_id="7", job="j"):
            structlog.get_logger("test").info("within")
        within = line_of(capsys)
        structlog.get_logger("test").info("after")
        after = line_of(capsys)
    finally:
        structlog.reset_defaults()
    assert (within["request_id"], within["job"]) == ("7", "j")
    assert "request_id" not in after


def test_what_libraries_log_is_a_line_of_the_same_form() -> None:
    program = (
        "import logging; from regard import logs; logs.configure('json'); "
        "logging.getLogger('a.package').warning('a %s', 'warning'); logging.getLogger('b').info('no')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    line = json.loads(done.stdout)
    assert (line["event"], line["library"], line["level"]) == ("a warning", "a.package", "warning")


def test_lines_for_people_are_had_without_a_terminal_and_no_other_form_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("console")
    try:
        structlog.get_logger("test").info("plain")
    finally:
        structlog.reset_defaults()
    assert not capsys.readouterr().out.startswith("{")
    with pytest.raises(RegardError, match="REGARD_LOG"):
        logs.configure("yaml")
