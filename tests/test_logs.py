"""What the log shows, and what it must not."""

from __future__ import annotations

import json

import pytest
import structlog

from regard import logs


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
