"""How forms come: no further, no longer and no more at once than they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request

from regard.api.request_body import RequestBody, RequestTimeoutException
from regard.app import Parts, build
from regard.console.application import Console
from regard.console.forms import read_form
from regard.console.page import EVERYBODY, Page, PageView
from regard.console.signin.sessions import BrowserSessions, Means
from regard.console.visit import Apis
from regard.governance.people import People
from regard.settings import Settings
from tests.waiting import PATIENCE

CHUNK = b"text=" + b"x" * 65_531
ECHO = {"echo": lambda _: PageView("error.html", {"message": "taken", "status": 200})}
PAGES = (
    Page(path="/form", show=ECHO["echo"], acts=ECHO, roles=None),
    Page(path="/ours", show=ECHO["echo"], acts=ECHO, roles=EVERYBODY),
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    made = build(Settings.load({}, data=tmp_path_factory.mktemp("forms") / "data"), has_models=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def console(parts: Parts) -> Console:
    settings = replace(parts.settings, public_requests=10_000)
    return Console(PAGES, Apis(parts.apis), BrowserSessions(parts.database), settings)


def posted(receive: Callable[[], Any], token: str = "", path: str = "/form") -> Request:
    """A form of a page of the same server, which comes as `receive` has it."""
    headers = {
        "host": "localhost:8090",
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
        "cookie": f"regard={token}" if token else "",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "query_string": b"act=echo",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return Request(scope, receive)


async def never() -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("page", "status"), [(PAGES[0], 413), (PAGES[1], 303)], ids=["long", "signed out"])
def test_who_still_sends_is_heard_out_before_the_answer(console: Console, page: Page, status: int) -> None:
    left = [CHUNK] * 40

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    answer = asyncio.run(console.answer(page, posted(receive, path=page.path)))
    assert (answer.status_code, left) == (status, [])


def test_a_form_that_does_not_come_to_its_end_is_waited_for_no_longer_than_it_may() -> None:
    request = posted(never)
    body = RequestBody(request.receive, request.headers)
    with pytest.raises(RequestTimeoutException, match="send it again"):
        asyncio.run(read_form(request, body, seconds=0.01))


def test_no_more_forms_come_at_once_than_may_and_strangers_take_no_place_of_people(
    console: Console, parts: Parts
) -> None:
    person = People(parts.database).add("nina", ["auditor"])
    token = BrowserSessions(parts.database).open(person, Means.PASSKEY)

    async def whole() -> dict[str, Any]:
        return {"type": "http.request", "body": b"a=b", "more_body": False}

    async def come() -> list[int]:
        waiting = asyncio.Semaphore(0)

        async def slow() -> Any:
            waiting.release()
            await never()

        slowly = [asyncio.create_task(console.answer(PAGES[0], posted(slow))) for _ in range(256)]
        for _ in slowly:
            await asyncio.wait_for(waiting.acquire(), PATIENCE)
        answers = [
            await console.answer(PAGES[0], posted(whole)),
            await console.answer(PAGES[1], posted(whole, token, "/ours")),
        ]
        for one in slowly:
            one.cancel()
        await asyncio.gather(*slowly, return_exceptions=True)
        answers.append(await console.answer(PAGES[0], posted(whole)))
        return [one.status_code for one in answers]

    assert asyncio.run(come()) == [429, 200, 200]
