"""Links by which people are let in: where they are printed, for how long and for whom they are good."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import Server
from typer.testing import CliRunner

from regard.cli.people import app
from regard.cli.welcome_link import welcome_link
from regard.errors import AccessDeniedException, RegardError
from regard.governance import invitations
from regard.governance.invitations import Invitations
from regard.governance.people import People
from regard.settings import Settings
from regard.storage.database import Database

_LINK = r"http://localhost:\d+/console/welcome\?code=[\w-]{43}"


def test_a_server_without_people_prints_a_link_for_the_first(server: Server) -> None:
    log = server.data.with_suffix(".log").read_text()
    assert re.search(f"The first administrator comes by {_LINK}", log)


def test_the_command_line_invites_somebody_new_and_somebody_who_is_there(tmp_path: Path) -> None:
    def invite(*more: str) -> str:
        done = CliRunner().invoke(app, ["invite", "nina", *more, "--data", str(tmp_path / "data")])
        assert "for nina alone" in done.stderr
        [link] = re.findall(_LINK, done.stdout.replace("\n", ""))
        return str(link)

    assert invite("--role", "auditor") != invite()


def test_a_link_leads_to_the_public_address_where_there_is_one() -> None:
    settings = Settings.load({"REGARD_PUBLIC_URL": "https://Vision.example.org:443/"})
    assert welcome_link(settings, "c") == "https://vision.example.org/console/welcome?code=c"


@pytest.mark.parametrize(
    "url", ["http://vision.example.org", "https://10.0.0.1", "https://[::1]", "https://a/b", "vision"]
)
def test_a_public_address_has_a_name_and_tls(url: str) -> None:
    with pytest.raises(RegardError, match="REGARD_PUBLIC_URL"):
        Settings.load({"REGARD_PUBLIC_URL": url})


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "data")


def test_a_link_is_over_after_a_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Invitations(database).make(People(database).add("nina", ["auditor"]))
    monkeypatch.setattr(invitations, "milliseconds", lambda: made.expires)
    with pytest.raises(AccessDeniedException, match="24 hours are over"):
        Invitations(database).find(made.code)


def test_another_link_takes_the_place_of_the_first(database: Database) -> None:
    nina = People(database).add("nina", ["auditor"])
    first, second = Invitations(database).make(nina), Invitations(database).make(nina)
    with pytest.raises(AccessDeniedException):
        Invitations(database).take(first.code)
    assert Invitations(database).take(second.code).person_id == nina.person_id


def test_the_database_keeps_no_code(database: Database, tmp_path: Path) -> None:
    made = Invitations(database).make(People(database).add("nina", ["auditor"]))
    database.close()
    assert not any(
        made.code.encode() in file.read_bytes() for file in (tmp_path / "data").iterdir() if file.is_file()
    )


def test_the_first_link_is_worth_nothing_once_there_is_somebody(database: Database) -> None:
    made = Invitations(database).make_first()
    assert made is not None
    People(database).add("ann", ["admin"])
    with pytest.raises(AccessDeniedException):
        Invitations(database).take(made.code)
    assert Invitations(database).make_first() is None
