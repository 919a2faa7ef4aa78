"""Sealed days are published where the operator can't take them back: in a file, or at a URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.conftest import start_server, stop_server
from tests.governance.proof.conftest import DAY, MONDAY, Write
from tests.postgres import Place
from tests.receiving import Receiver, receive
from tests.waiting import wait_until

from regard.errors import RegardError
from regard.governance.proof.day import SealedDay
from regard.governance.proof.publication import Publication
from regard.governance.proof.seals import Seals
from regard.notifications import webhook
from regard.notifications.anchor import Anchor, anchor_of
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import audit_days


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from receive()


@pytest.fixture
def days(seals: Seals, write: Write) -> list[SealedDay]:
    for day in range(3):
        write(MONDAY + day * DAY)
    return seals.seal_due(MONDAY + 3 * DAY)


def anchor(name: str, **settings: str) -> Anchor:
    made = anchor_of(Settings.load({}, audit_anchor=name, **settings))
    assert made is not None
    return made


def test_a_file_grows_by_a_line_a_day(
    tmp_path: Path, database: Database, seals: Seals, days: list[SealedDay], write: Write
) -> None:
    file = tmp_path / "roots.jsonl"
    publication = Publication(database, seals, anchor(str(file)))
    assert publication.publish_due() == 3
    assert publication.publish_due() == 0
    days += seals.seal_due(MONDAY + 4 * DAY)
    assert publication.publish_due() == 1
    assert [json.loads(line) for line in file.read_text().splitlines()] == [asdict(day) for day in days]


def test_a_url_gets_a_signed_post_a_day_and_what_it_refuses_again(
    database: Database, seals: Seals, days: list[SealedDay], receiver: Receiver
) -> None:
    place = anchor(receiver.url, webhooks="private", webhook_secret="s3cret")
    publication = Publication(database, seals, place)
    receiver.answers = [204, 503]
    with pytest.raises(RegardError, match="has not taken the sealed day: it answered 503"):
        publication.publish_due()
    assert publication.publish_due() == 2
    taken = [receiver.got[place] for place in (0, 2, 3)]
    assert [json.loads(body)["day"] for _, body in taken] == [day.day for day in days]
    headers, body = taken[0]
    seconds = int(headers[webhook.HEADER].split(",")[0].removeprefix("t="))
    assert headers[webhook.HEADER] == webhook.signature("s3cret", body.decode(), seconds)


def test_a_url_in_this_network_is_refused_unless_the_operator_allows_it(
    database: Database, seals: Seals, days: list[SealedDay], receiver: Receiver
) -> None:
    place = anchor(receiver.url.replace("http:", "https:"), webhook_secret="s3cret")
    with pytest.raises(RegardError, match="in a private network"):
        Publication(database, seals, place).publish_due()
    assert receiver.got == []


def test_a_place_that_is_new_gets_every_day(
    tmp_path: Path, database: Database, seals: Seals, days: list[SealedDay]
) -> None:
    for name in ("one", "other"):
        assert Publication(database, seals, anchor(str(tmp_path / name))).publish_due() == 3


def test_a_file_that_can_not_be_written_is_named(
    tmp_path: Path, database: Database, seals: Seals, days: list[SealedDay]
) -> None:
    with pytest.raises(RegardError, match="which REGARD_AUDIT_ANCHOR names, can't be written"):
        Publication(database, seals, anchor(str(tmp_path / "none" / "roots"))).publish_due()


def test_a_url_without_a_secret_is_refused_at_once() -> None:
    with pytest.raises(RegardError, match="set REGARD_WEBHOOK_SECRET"):
        anchor("https://example.org/roots")


def test_an_anchor_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(RegardError, match="must be a file or an https:// URL"):
        Settings.load({}, audit_anchor="ftp://example.org/roots")


def test_a_server_seals_and_publishes_what_is_owed(
    installed_pack: InstalledPack, place: Place, tmp_path: Path, write: Write
) -> None:
    write(MONDAY)
    file = tmp_path / "roots.jsonl"
    environment = {"REGARD_AUDIT_ANCHOR": str(file)}
    if place.url is not None:
        environment["REGARD_DATABASE"] = place.url
    server = start_server(place.folder, environment=environment)
    try:
        wait_until(lambda: file.exists() and file.read_text().endswith("\n"))
    finally:
        stop_server(server)
    assert json.loads(file.read_text())["day"] == "2026-11-23"
    with place.open().read() as connection:
        assert connection.execute(select(audit_days.c.day)).scalars().all() == ["2026-11-23"]
