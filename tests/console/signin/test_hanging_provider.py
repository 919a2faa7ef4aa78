"""A provider that takes connections and answers none delays nobody who doesn't ask it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from tests.console.signin.office import Office, opened_office
from tests.console.signin.provider import Provider
from tests.waiting import PATIENCE, wait_until

from regard.console import page_lanes
from regard.console.page_lanes import PageLane, PageLanes
from regard.console.signin.oidc import identity_provider
from regard.errors import ThrottlingException


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    provider = Provider()
    with provider.serving(), opened_office(tmp_path, provider) as made:
        provider.hangs = True
        yield made
        provider.released.set()


def test_a_provider_that_never_answers_delays_no_other_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "_SECONDS", PATIENCE)
    link = office.invited("nina", "reviewer")
    with ThreadPoolExecutor(10) as visitors:
        leaving = [visitors.submit(office.browser().get, "/console/provider") for _ in range(6)]
        leaving += [visitors.submit(office.browser().post, link, act="provider") for _ in range(4)]
        wait_until(lambda: bool(office.provider.requests))
        slow, quick = office.browser().get("/transparency"), office.browser().get("/console/sign-in")
        are_waiting = not any(one.done() for one in leaving)
        office.provider.is_down = True
        office.provider.released.set()
        answers = [one.result(PATIENCE) for one in leaving]
    assert (slow.status_code, quick.status_code, are_waiting) == (200, 200, True)
    assert {answer.status_code for answer in answers} == {503}
    assert all("can&#39;t be reached now" in answer.text for answer in answers)
    assert office.provider.requests == ["/.well-known/openid-configuration"]  # asked once, not by each


def test_a_provider_that_never_answers_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_provider, "_SECONDS", 0.3)
    answer = office.browser().get("/console/provider")
    assert answer.status_code == 503
    assert "can&#39;t be reached now" in answer.text


def test_a_lane_with_as_many_as_it_holds_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(page_lanes._ROOMS, PageLane.PROVIDER, page_lanes._Room(1, 2))
    lanes, go = PageLanes(), threading.Event()

    async def crowd() -> list[Any]:
        asked = [asyncio.create_task(lanes.run(PageLane.PROVIDER, go.wait, PATIENCE)) for _ in range(4)]
        await asyncio.sleep(0.05)
        quick = await lanes.run(PageLane.QUICK, lambda: "there")
        go.set()
        return [quick, *await asyncio.gather(*asked, return_exceptions=True)]

    quick, *answers = asyncio.run(crowd())
    assert quick == "there"
    assert answers[:2] == [True, True]
    assert [type(one) for one in answers[2:]] == [ThrottlingException] * 2
