"""`regard authorizations`: somebody who is there asks, somebody else who is there decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.responsible import Office
from typer.testing import CliRunner, Result

from regard.app import build
from regard.caller import Caller
from regard.cli import app
from regard.governance.purpose import TAG
from regard.settings import Settings


class Desk:
    """Runs `regard authorizations` as somebody, whose code is typed in."""

    def __init__(self, office: Office, data: Path) -> None:
        self.office = office
        self.data = data
        self.keys: dict[str, Caller] = {}

    def run(self, *arguments: object, as_: str | None = None, code: str | None = None) -> Result:
        command = [*map(str, arguments), "--data", str(self.data)]
        if as_ is None:
            return CliRunner().invoke(app, command)
        typed = code or self.office.code(as_, self.keys[as_])
        return CliRunner().invoke(app, [*command, "--as", as_], input=f"{typed}\n")

    def shown(self, authorization: str, as_: str) -> dict[str, str]:
        done = self.run("authorizations", "show", authorization, as_=as_)
        return dict(json.loads(done.stdout[done.stdout.index("{") :]))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    data = tmp_path / "data"
    parts = build(Settings.load({}, data=data), has_models=False)
    office = Office(parts)
    made = Desk(office, data)
    for name, role in (("ines", "investigator"), ("anna", "approver")):
        office.person(name, role)
        made.keys[name] = office.key(name, role)
    office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
    yield made
    parts.close()


def test_a_warrant_is_asked_for_and_entered_and_a_restored_backup_does_not_undo_its_end(
    desk: Desk, tmp_path: Path
) -> None:
    case = desk.office.case(desk.keys["ines"])
    wanted = ("--case", case, "--basis", "warrant", "--collection", "wanted", "--video", "evidence/*")
    asked = desk.run("authorizations", "request", *wanted, as_="ines")
    assert asked.exit_code == 0, asked.output
    [found] = desk.office.parts.stores.accountability.authorizations.all()
    one = found.authorization_id
    assert f"{one} is REQUESTED" in asked.output

    warrant = tmp_path / "warrant.pdf"
    warrant.write_bytes(b"In the name of the people")
    document = ("--issuer", "District Court", "--number", "22 Gs 17/26", "--issued", "2026-01-02")
    entered = desk.run("authorizations", "approve", one, *document, "--document", warrant, as_="anna")
    assert f"{one} is ACTIVE" in entered.output
    shown = desk.shown(one, "anna")
    assert shown["Digest"] == hashlib.sha256(b"In the name of the people").hexdigest()

    backup = tmp_path / "backup.regard"
    assert desk.run("backup", backup).exit_code == 0
    revoked = desk.run("authorizations", "revoke", one, "--reason", "solved", as_="anna")
    assert f"{one} is REVOKED" in revoked.output
    desk.office.parts.close()
    restored = desk.run("restore", backup, "--force", "--yes")
    assert restored.exit_code == 0, restored.output
    assert f"{one} is" not in restored.output
    again = build(Settings.load({}, data=desk.data), has_models=False)
    state = again.stores.accountability.authorizations.get(one).revoked
    *_, record = again.audit.export()
    again.close()
    assert state is not None
    assert record["operation"] == "restore"
    assert record["authorizations_ended"] == []


def test_a_backup_whose_database_is_lost_is_restored_without_leave_to_search(
    desk: Desk, tmp_path: Path
) -> None:
    case = desk.office.case(desk.keys["ines"])
    wanted = {"CaseId": case, "Basis": "exigency", "CollectionId": "wanted", "Videos": ["evidence/*"]}
    made = desk.office.call("request_authorization", desk.keys["ines"], **wanted, Grounds="Shots were fired.")
    backup = tmp_path / "backup.regard"
    assert desk.run("backup", backup).exit_code == 0
    desk.office.parts.close()
    for file in desk.data.glob("regard.db*"):
        file.unlink()
    restored = desk.run("restore", backup)
    assert restored.exit_code == 0, restored.output
    assert f"still hold: {made['AuthorizationId']}." in restored.output


def test_who_is_not_there_decides_nothing(desk: Desk) -> None:
    case = desk.office.case(desk.keys["ines"])
    wanted = {"CaseId": case, "Basis": "warrant", "CollectionId": "wanted", "Videos": ["evidence/*"]}
    made = desk.office.call("request_authorization", desk.keys["ines"], **wanted)
    one = made["AuthorizationId"]
    nobody = desk.run("authorizations", "reject", one, "--reason", "no")
    assert nobody.exit_code == 1
    assert "no permission" in str(nobody.exception) or "not authorized" in str(nobody.exception)
    desk.office.code("anna", desk.keys["anna"])  # her second factor is set up
    wrong = desk.run("authorizations", "reject", one, "--reason", "no", as_="anna", code="000000")
    assert wrong.exit_code == 1
    assert (
        made["State"]
        == desk.office.call("get_authorization", desk.keys["ines"], AuthorizationId=one)["State"]
    )


def test_an_exigency_says_by_when_the_authority_has_to_be_asked(desk: Desk) -> None:
    case = desk.office.case(desk.keys["ines"])
    wanted = ("--case", case, "--basis", "exigency", "--collection", "wanted", "--camera", "gate-1")
    refused = desk.run("authorizations", "request", *wanted, as_="ines")
    assert "give Grounds" in str(refused.exception)
    asked = desk.run("authorizations", "request", *wanted, "--grounds", "Shots were fired.", as_="ines")
    assert "is EXIGENT" in asked.output
    assert "that the authority was asked" in asked.output
    listed = desk.run("authorizations", "list", "--case", case, as_="ines")
    assert "EXIGENT" in listed.output
