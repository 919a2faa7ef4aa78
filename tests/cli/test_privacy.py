"""`regard consents`, `erase`, `feedback` and `retention`: by a person who is there."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.responsible import Office
from typer.testing import CliRunner

from regard.app import build
from regard.caller import NOBODY, Caller
from regard.cli import app
from regard.governance.training import TOPICS
from regard.packs.install import InstalledPack
from regard.settings import Settings

DIGEST = "ab" * 32


class Desk:
    """Runs `regard` as Petra, who protects privacy, or as the folder's owner."""

    def __init__(self, office: Office, data: Path) -> None:
        self.office = office
        self.data = data
        office.person("petra", "privacy")
        self.petra: Caller = office.key("petra", "privacy")

    def run(self, *arguments: object, as_petra: bool = False, code: int = 0) -> str:
        command = [*map(str, arguments), "--data", str(self.data)]
        if as_petra:
            typed = self.office.code("petra", self.petra)
            done = CliRunner().invoke(app, [*command, "--as", "petra"], input=f"{typed}\n")
        else:
            done = CliRunner().invoke(app, command)
        assert done.exit_code == code, done.output
        return done.output if code == 0 else str(done.exception)


@pytest.fixture
def desk(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Desk]:
    parts = build(Settings.load({}, data=tmp_path / "data"))
    yield Desk(Office(parts), tmp_path / "data")
    parts.close()


def test_a_day_of_training_is_one_of_whoever_types_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date.today() - timedelta(days=3)
    topics = [part for topic in TOPICS for part in ("--topic", topic)]
    monkeypatch.setenv("TZ", "XXX-14")  # fourteen hours before UTC, as on the Line Islands
    time.tzset()
    try:
        command = ("people", "train", "petra", "--kind", "review", "--course", "x", *topics)
        desk.run(*command, "--completed", day)
    finally:
        monkeypatch.undo()
        time.tzset()
    [made] = desk.office.call("list_training", PersonId="petra")["Training"]
    assert made["Completed"] == datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=14)


def listed(desk: Desk) -> Any:
    return desk.office.call("list_consents", desk.petra)["Consents"]


def test_a_person_is_enrolled_by_consent_and_gone_with_it(desk: Desk, portrait: Path, tmp_path: Path) -> None:
    desk.run("collections", "create", "members", "--consent")
    photos = tmp_path / "photos" / "anna"
    photos.mkdir(parents=True)
    (photos / "1.jpg").write_bytes(portrait.read_bytes())
    desk.run("index", "members", tmp_path / "photos", code=1)
    form = tmp_path / "form.pdf"
    form.write_bytes(b"I agree. Anna")
    put = ("consents", "put", "members", "anna", "--text", "2026-01", "--given", "2026-01-02")
    assert "anna may be enrolled" in desk.run(*put, "--evidence", form, as_petra=True)
    (consent,) = listed(desk)
    assert consent["Digest"] == hashlib.sha256(b"I agree. Anna").hexdigest()
    assert "1 face" in desk.run("index", "members", tmp_path / "photos")
    done = desk.run("consents", "withdraw", consent["ConsentId"], "--reason", "asked", as_petra=True)
    assert "anna has withdrawn; 1 face erased. Receipt: " in done
    assert "erased" in desk.run("consents", "list", as_petra=True)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_consents_are_imported_from_a_file(desk: Desk, tmp_path: Path, suffix: str) -> None:
    desk.run("collections", "create", "members", "--consent")
    consents = [
        {"Subject": "anna", "TextVersion": "1", "Form": "WRITTEN", "GivenAt": "2026-01-02", "Digest": DIGEST},
        {"Subject": "berta", "TextVersion": "1", "Form": "SPOKEN", "GivenAt": "2026-01-03", "Digest": DIGEST},
    ]
    lines = [json.dumps(one) for one in consents]
    if suffix == "csv":
        lines = [",".join(consents[0]), *(",".join(one.values()) for one in consents)]
    file = tmp_path / f"consents.{suffix}"
    file.write_text("\n".join(lines))
    assert "2 consents for members recorded" in desk.run("consents", "import", "members", file, as_petra=True)
    assert [one["Subject"] for one in listed(desk)] == ["anna", "berta"]


def test_a_line_that_is_no_consent_is_named_and_nothing_is_recorded(desk: Desk, tmp_path: Path) -> None:
    desk.run("collections", "create", "members", "--consent")
    file = tmp_path / "consents.jsonl"
    file.write_text('{"Subject": "anna", "GivenAt": "yesterday"}\n')
    assert "line 1: 'yesterday' is no time" in desk.run(
        "consents", "import", "members", file, as_petra=True, code=1
    )
    assert not listed(desk)


def test_the_owner_of_the_folder_records_no_consent(desk: Desk, tmp_path: Path) -> None:
    desk.run("collections", "create", "members", "--consent")
    form = tmp_path / "form.pdf"
    form.write_bytes(b"I agree.")
    put = ("consents", "put", "members", "anna", "--text", "1", "--given", "2026-01-02", "--evidence", form)
    assert "not authorized" in desk.run(*put, code=1)


def test_faces_are_erased_at_the_command_line(desk: Desk, portrait: Path) -> None:
    office = desk.office
    office.call("create_collection", CollectionId="old")
    picture = {"Bytes": portrait.read_bytes()}
    office.call("index_faces", CollectionId="old", Image=picture, ExternalImageId="anna")
    wrong = desk.run("erase", "old", "--reason", "asked", as_petra=True, code=1)
    assert "Say whose faces" in wrong
    done = desk.run("erase", "old", "--reason", "asked", "--subject", "anna", as_petra=True)
    assert "1 face erased. Receipt: " in done
    assert not office.call("list_faces", CollectionId="old")["Faces"]


def test_feedback_is_answered_at_the_command_line(desk: Desk) -> None:
    sent = desk.office.call("send_feedback", NOBODY, Kind="MISTAKE", Text="That was not me.")
    (matter,) = [one.feedback_id for one in desk.office.parts.stores.privacy.feedback.all()]
    decide = ("feedback", "decide", matter)
    assert "is UNIDENTIFIED" in desk.run(*decide, "unidentified", as_petra=True)
    refusal = ("--reason", "nobody by that name", "--complain-to", "the supervisory authority")
    assert "is REFUSED" in desk.run(*decide, "refused", *refusal, as_petra=True)
    told = desk.office.call("get_feedback", NOBODY, Code=sent["Code"])
    assert (told["State"], told["ComplainTo"]) == ("REFUSED", "the supervisory authority")


def test_the_schedule_is_printed(desk: Desk) -> None:
    printed = desk.run("retention")
    assert "1,825 days" in printed
    assert "at once" in printed
