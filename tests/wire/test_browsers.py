"""Every answer of an application has the headers without which a browser keeps it from the page."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from regard.wire.browsers import allow_origins
from regard.wire.endpoint import Endpoint, not_found, routes

from .peer import Answer, InMemoryGate, endpoint, send, signed

ORIGIN = "https://app.example.org"
PREFLIGHT = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-amz-target")]


def application(*origins: str, served: Endpoint | None = None) -> Any:
    return Starlette(
        routes=list(routes(served or endpoint())),
        middleware=allow_origins(origins),
        exception_handlers={404: not_found},
    )


def throttled() -> Endpoint:
    full = endpoint(queue=1)
    full.lanes.others.queue.take()
    return full


def failing() -> Endpoint:
    def fail(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError

    return endpoint(InMemoryGate(fail))


def call(app: Any, origin: str = ORIGIN, *extra: tuple[str, str]) -> Answer:
    with capture_logs():
        return send(app, [*signed("list_collections", b"{}"), ("Origin", origin), *extra], [b"{}"])


@pytest.mark.parametrize(
    ("served", "extra", "code"),
    [
        (endpoint, (), None),
        (throttled, (), "ThrottlingException"),
        (failing, (), "InternalServerError"),
        (endpoint, (("Content-Length", "9" * 9),), "RequestEntityTooLargeException"),
        (endpoint, (("X-Amz-Date", "today"),), "IncompleteSignatureException"),
    ],
)
def test_whatever_is_answered_an_allowed_page_may_read(
    served: Any, extra: tuple[tuple[str, str], ...], code: str | None
) -> None:
    answer = call(application(ORIGIN, served=served()), ORIGIN, *extra)
    assert answer.headers.get("x-amzn-errortype") == code
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "x-amzn-errortype" in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]


def test_a_page_that_is_not_allowed_may_read_nothing() -> None:
    for app in (application(), application("https://other.example.org")):
        assert "access-control-allow-origin" not in call(app).headers


def test_every_page_is_allowed_when_asked_for_and_never_with_credentials() -> None:
    app = application("*")
    preflight = send(app, [("Origin", ORIGIN), *PREFLIGHT], method="OPTIONS")
    for answer in (call(app), call(app, "null"), preflight):
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_of_the_internet_may_reach_a_private_network() -> None:
    headers = [("Origin", ORIGIN), *PREFLIGHT, ("Access-Control-Request-Private-Network", "true")]
    answer = send(application(ORIGIN), headers, method="OPTIONS")
    assert (answer.status, answer.headers["access-control-allow-private-network"]) == (200, "true")


def test_without_an_origin_that_is_allowed_a_preflight_is_no_request_that_is_known() -> None:
    answer = send(application(), [("Origin", ORIGIN), *PREFLIGHT], method="OPTIONS")
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
