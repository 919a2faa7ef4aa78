"""`regard review`: a person signs in, is shown faces alone, and rates each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.reviewing import ReviewOffice
from typer.testing import CliRunner, Result

from regard.app import build
from regard.cli import app
from regard.governance.credentials import write_credentials
from regard.packs.install import InstalledPack
from regard.settings import Settings


class Desk:
    """Runs `regard review` as somebody, whose code is typed in before whatever else is."""

    def __init__(self, office: ReviewOffice, data: Path) -> None:
        self.office = office
        self.data = data
        self.keys = {name: office.key(name, "reviewer") for name in ("rita", "rolf", "rosa")}
        self.keys |= {name: office.key(name, "approver") for name in ("anna", "axel")}
        self.keys["ines"] = office.ines

    def run(self, as_: str, *arguments: object, typed: str = "") -> Result:
        name = self.office.name(as_)
        code = self.office.code(name, self.keys[as_])
        command = ["review", *map(str, arguments), "--data", str(self.data), "--as", name]
        return CliRunner().invoke(app, command, input=f"{code}\n{typed}")


@pytest.fixture
def desk(
    installed_pack: InstalledPack, tmp_path: Path, portrait: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    parts = build(Settings.load({}, data=data))
    office = ReviewOffice(parts)
    office.gallery(portrait)
    yield Desk(office, data)
    parts.close()


def test_a_lead_is_rated_shown_confirmed_and_disputed_in_a_terminal(desk: Desk, portrait: Path) -> None:
    review = desk.office.review_of(desk.office.search(portrait))
    sheet = desk.data.parent / "sheet.png"
    taken = desk.run("rita", "take", "--draw", sheet, "--keep", typed="7\n3\nears nose\na scar\ny\n")
    assert taken.exit_code == 0, taken.output
    assert "RATED_1" in taken.output
    with Image.open(sheet) as shown:
        assert shown.size == (872, 496)  # the probe and one face of 400 px, with their numbers
    desk.office.rate("rolf", 2)
    listed = desk.run("ines", "list")
    assert review in listed.output
    assert "1 LEAD" in listed.output
    added = desk.run(
        "ines",
        *("evidence", review, 1, "--kind", "WITNESS", "--description", "seen", "--independent"),
    )
    item = added.output[added.output.index("E-") :].split()[0]
    confirmed = desk.run("anna", "confirm", review, 1, "--evidence", item, "--reason", "known")
    assert "is CONFIRMED" in confirmed.output
    disputed = desk.run("ines", "dispute", review, 1, "--reason", "He was abroad.")
    assert "is DISPUTED" in disputed.output
    resolved = desk.run("axel", "resolve", review, 1, "--outcome", "UPHELD", "--reason", "He was not.")
    assert "is UPHELD" in resolved.output


def test_a_search_in_a_terminal_says_that_people_are_to_judge(
    desk: Desk, portrait: Path, tmp_path: Path
) -> None:
    made = desk.office.call(
        "create_key", Name="ines-at-a-terminal", Role="investigator", Person=desk.office.name("ines")
    )
    write_credentials(tmp_path / "ines", made["KeyId"], made["SecretAccessKey"])
    whose = ("--data", str(desk.data), "--key", str(tmp_path / "ines"), "--case", desk.office.case_id)
    done = CliRunner().invoke(app, ["search", "wanted", str(portrait), *whose])
    [review] = desk.office.call("list_reviews", desk.office.ines)["Reviews"]
    assert done.exit_code == 0, done.output
    assert "astronaut" not in done.output
    assert f"1 candidate of {review['ReviewId']} waits for people to judge" in done.output


def test_the_sheet_is_gone_once_it_is_rated(desk: Desk, portrait: Path) -> None:
    review = desk.office.review_of(desk.office.search(portrait))
    desk.run("rita", "take", typed="3\n\n\ny\n")
    assert not Path(f"{review}.png").exists()


def test_what_is_not_the_reviewer_s_own_is_not_sent(desk: Desk, portrait: Path) -> None:
    review = desk.office.review_of(desk.office.search(portrait))
    done = desk.run("rita", "take", typed="3\n\n\nn\n")
    assert done.exit_code == 1
    assert desk.office.take("rita") == review


def test_a_wrong_code_gets_no_sheet(desk: Desk, portrait: Path) -> None:
    desk.office.search(portrait)
    command = ["review", "take", "--data", str(desk.data), "--as", desk.office.name("rita")]
    desk.office.code(desk.office.name("rita"), desk.keys["rita"])  # sets the factor up
    done = CliRunner().invoke(app, command, input="000000\n")
    assert done.exit_code != 0


def test_an_undecided_review_is_withdrawn_in_a_terminal(desk: Desk, portrait: Path) -> None:
    review = desk.office.review_of(desk.office.search(portrait))
    done = desk.run("ines", "withdraw", review, "--reason", "the wrong picture")
    assert f"{review} is withdrawn" in done.output
    assert "WITHDRAWN" in desk.run("ines", "show", review).output


def test_reviewers_errors_are_shown_in_a_terminal(desk: Desk, portrait: Path, other_portrait: Path) -> None:
    pictures = {"Same": [portrait.read_bytes()], "Different": [other_portrait.read_bytes()]}
    desk.office.call("create_known_answer", Probe=portrait.read_bytes(), **pictures)
    desk.office.rate("rita", 3)
    shown = desk.run("rita", "errors").output
    assert "0 of 1" in shown
    assert "1 of 2" in shown
    assert "yes" in shown
