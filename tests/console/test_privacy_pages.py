"""The pages of somebody who protects privacy: feedback, consents, erasures, holds, notices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest

from regard.app import Parts, asgi, build
from regard.caller import NOBODY
from regard.collections.records import NewFace
from regard.console.pages import camera_notices, consents, erasures, holds, privacy
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings
from regard.vision.geometry import Box
from tests.console.visiting import Visitor
from tests.responsible import Office

MARKUP = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"
PAGES = (*privacy.PAGES, *consents.PAGES, *erasures.PAGES, *holds.PAGES, *camera_notices.PAGES)


class House:
    """A server, its office, and browsers of people who have just signed in."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.office = Office(parts)
        self._numbers = count()
        self._application = asgi(parts)

    def browser(self, role: str) -> Visitor:
        """Somebody new in a role."""
        person = People(self.parts.database).add(f"{role}-{next(self._numbers)}", [role])
        token = BrowserSessions(self.parts.database).open(person, Means.PASSKEY)
        return Visitor(self._application, {"regard": token})

    def collection(self, *subjects: str) -> str:
        """A new collection with a face of each of these people."""
        stores, name = self.parts.stores, f"c{next(self._numbers)}"
        self.office.call("create_collection", CollectionId=name)
        for subject in subjects:
            vector = np.random.default_rng(next(self._numbers)).normal(size=512).astype(np.float32)
            face = NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, vector)
            collection = stores.collections.get(name)
            stores.gallery.add(collection, [face], image_digest=str(vector[0]), external_image_id=subject)
        return name

    def faces(self, collection: str) -> list[str]:
        found = self.office.call("list_faces", CollectionId=collection)["Faces"]
        return [face["ExternalImageId"] for face in found]

    def sent(self, text: str = "Mine.", **more: Any) -> str:
        """Feedback of a stranger; its id."""
        stranger = replace(NOBODY, address=f"10.0.0.{next(self._numbers)}")
        self.office.call("send_feedback", stranger, Kind="ERASURE", Text=text, **more)
        return self.parts.stores.privacy.feedback.all()[-1].feedback_id

    def state(self, feedback_id: str) -> str:
        return self.parts.stores.privacy.feedback.get(feedback_id).state


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("privacy") / "data"
    parts = build(Settings.load({}, data=data), has_models=False)
    yield House(parts)
    parts.close()


@pytest.fixture
def pia(house: House) -> Visitor:
    return house.browser("privacy")


def test_what_waits_is_listed_by_when_it_is_due(house: House, pia: Visitor) -> None:
    first, second = house.sent(), house.sent()
    page = pia.get("/console/privacy").text
    assert 0 < page.index(first) < page.index(second)
    assert "An answer is owed by" in page


def test_a_matter_is_taken_to_its_answer(house: House, pia: Visitor) -> None:
    matter = house.sent(f"Erase me. {MARKUP}", Contact=MARKUP)
    address = f"/console/privacy/feedback/{matter}"
    page = pia.get(address).text
    assert f"Erase me. {SHOWN}" in page
    assert MARKUP not in page
    pia.post(address, act="extend", why="We ask the archive.")
    pia.post(address, act="identified")
    assert house.state(matter) == "IDENTIFIED"
    answer = pia.post(
        address, act="answer", decision="REFUSED", reason=MARKUP, complain_to="The commissioner"
    )
    assert answer.headers["location"] == address
    assert house.state(matter) == "REFUSED"
    assert matter not in pia.get("/console/privacy").text
    assert matter in pia.get("/console/privacy?answered").text
    page = pia.get(address).text
    assert SHOWN in page
    assert "We ask the archive." in page
    assert 'value="answer"' not in page


def test_an_answer_that_lacks_what_the_person_is_owed_is_refused(house: House, pia: Visitor) -> None:
    matter = house.sent()
    address = f"/console/privacy/feedback/{matter}"
    pia.post(address, act="unidentified")
    answer = pia.post(address, act="answer", decision="REFUSED", reason="No.")
    assert answer.status_code == 422
    assert house.state(matter) == "UNIDENTIFIED"


def test_everything_that_will_go_is_listed_before_it_is_erased(house: House, pia: Visitor) -> None:
    collection = house.collection("eve", "bob", "eve")
    address = f"/console/privacy/erasures?collection={collection}&person=eve"
    page = pia.get(address).text
    assert "2 faces will be erased:" in page
    assert house.faces(collection) == ["eve", "bob", "eve"]
    gone = pia.post(address, act="erase", reason=MARKUP)
    assert gone.headers["location"].startswith("/receipts/")
    assert house.faces(collection) == ["bob"]
    page = pia.get("/console/privacy/erasures").text
    assert gone.headers["location"] in page
    assert "Somebody asked for it" in page


def test_an_erasure_says_whose_faces_in_one_way(house: House, pia: Visitor) -> None:
    collection = house.collection("eve")
    for query in ("", f"?collection={collection}", f"?collection={collection}&person=eve&user=eve"):
        assert pia.post("/console/privacy/erasures" + query, act="erase", reason="x").status_code == 422
    assert house.faces(collection) == ["eve"]


def test_a_consent_is_recorded_by_the_digest_of_what_shows_it(house: House, pia: Visitor) -> None:
    collection = house.collection()
    answer = pia.post(
        "/console/privacy/consents/new",
        act="put",
        collection=collection,
        subject="anna",
        text_version=MARKUP,
        form="WRITTEN",
        given="2026-10-01",
        files={"evidence": ("signed.pdf", b"signed", "application/pdf")},
    )
    assert answer.status_code == 303, answer.text
    address = f"/console/privacy/consents?collection={collection}"
    page = pia.get(address).text
    assert SHOWN in page
    assert MARKUP not in page
    [kept] = pia.get(address, data=True).json()["Consents"]
    assert kept["Digest"] == hashlib.sha256(b"signed").hexdigest()


def test_many_consents_are_imported_or_none(house: House, pia: Visitor) -> None:
    collection = house.collection()
    head, good = "Subject,TextVersion,Form,GivenAt,Until,Digest", f"anna,1,WRITTEN,2026-10-01,,{'ab' * 32}"

    def imported(*lines: str) -> int:
        file = ("consents.csv", "\n".join((head, *lines)).encode(), "text/csv")
        address = "/console/privacy/consents/new"
        return pia.post(address, act="import", import_collection=collection, files={"file": file}).status_code

    assert imported(good, "bob,1,WRITTEN,yesterday,,ab") == 422
    assert imported() == 422
    assert imported(good, good.replace("anna", "bob")) == 303
    found = pia.get(f"/console/privacy/consents?collection={collection}", data=True).json()["Consents"]
    assert {one["Subject"] for one in found} == {"anna", "bob"}


def test_withdrawing_lists_the_faces_and_erases_them(house: House, pia: Visitor) -> None:
    collection = house.collection("anna", "bob")
    made = house.office.call(
        "put_consent",
        house.office.key(house.office.call("list_people")["People"][-1]["Name"], "privacy"),
        CollectionId=collection,
        Subject="anna",
        TextVersion="1",
        Form="SPOKEN",
        GivenAt=datetime(2026, 10, 1, tzinfo=UTC),
        Digest="ab" * 32,
    )
    address = f"/console/privacy/consents/{made['ConsentId']}"
    assert "1 face will be erased:" in pia.get(address).text
    assert pia.post(address, act="withdraw").headers["location"].startswith("/receipts/")
    assert house.faces(collection) == ["bob"]
    assert "Withdraw it" not in pia.get(address).text


def test_two_people_hold_a_case_and_end_it(house: House, pia: Visitor) -> None:
    office = house.office
    office.person("Ines", "investigator", trained="search")
    case = office.case(office.session("Ines", "investigator"))
    anna, address = house.browser("approver"), "/console/privacy/holds"

    def state() -> str | None:
        return office.call("get_case", CaseId=case).get("HoldState")  # type: ignore[no-any-return]

    pia.post(address, act="hold", case=case, basis=MARKUP)
    assert state() == "ASKED"
    assert pia.post(address, act="hold", case=case, basis="Again.").status_code in (403, 409)
    page = anna.get(address).text
    assert SHOWN in page
    assert "Confirm the hold" in page
    anna.post(address, act="hold", case=case, basis="The court wants it.")
    assert state() == "HELD"
    pia.post(address, act="release", case=case, basis="Over.")
    anna.post(address, act="release", case=case, basis="Over.")
    assert state() is None
    assert case not in anna.get(address).text


def test_a_hold_lasts_to_the_end_of_the_day_that_it_names(house: House, pia: Visitor) -> None:
    office = house.office
    office.person("Inga", "investigator", trained="search")
    case = office.case(office.session("Inga", "investigator"))
    today = datetime.now(UTC).date()
    for browser in (pia, house.browser("approver")):
        fields = {"case": case, "basis": "The court wants it.", "until": today.isoformat()}
        assert browser.post("/console/privacy/holds", act="hold", **fields).status_code == 303
    held = office.call("get_case", CaseId=case)
    assert held["HoldState"] == "HELD"
    assert held["HoldUntil"].astimezone(UTC).date() == today


def test_a_hold_may_be_for_ever(house: House, pia: Visitor) -> None:
    office = house.office
    office.person("Ilse", "investigator", trained="search")
    fields = {"case": office.case(office.session("Ilse", "investigator")), "until": "9999-12-31"}
    answer = pia.post("/console/privacy/holds", act="hold", basis="The court wants it.", **fields)
    assert answer.status_code == 303


def test_what_happened_today_is_recorded_where_the_day_begins_before_it_does_in_utc(
    house: House, pia: Visitor
) -> None:
    """In Auckland it is tomorrow while it is still today in UTC."""
    collection, now = house.collection(), datetime.now(UTC)
    beginning = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    fields = {"collection": collection, "subject": "alice", "text_version": "1", "form": "WRITTEN"}
    evidence = {"evidence": ("consent.pdf", b"signed", "application/pdf")}

    def put(day: date) -> int:
        sent = pia.post(
            "/console/privacy/consents/new", files=evidence, act="put", given=day.isoformat(), **fields
        )
        return sent.status_code

    assert put(beginning.date()) == (303 if beginning - now <= timedelta(hours=14) else 422)
    assert put(beginning.date() + timedelta(days=1)) == 422


def test_a_notice_is_recorded_and_published(house: House, pia: Visitor) -> None:
    fields: dict[str, Any] = {
        "camera": "yard",
        "text": MARKUP,
        "language": "en",
        "covers": "FACE_SEARCH",
        "posted": "2026-10-01",
    }
    assert pia.post("/console/privacy/notices", act="put", **fields).status_code == 303
    assert "Notice posted" in pia.get("/console/privacy/notices").text
    assert SHOWN in Visitor(asgi(house.parts)).get("/notice/yard").text
    fields["posted"] = "soon"
    answer = pia.post("/console/privacy/notices", act="put", **fields)
    assert answer.status_code == 422


@pytest.mark.parametrize("role", sorted(ROLES))
def test_other_roles_open_nothing_of_it_and_do_nothing(house: House, role: str) -> None:
    browser, before = house.browser(role), house.parts.audit.newest()
    for page in PAGES:
        if role not in (page.roles or ()):
            path = page.path.replace("{id}", "F-2026-000001")
            assert browser.get(path).status_code == 403
            assert {browser.post(path, act=act, camera="x").status_code for act in page.acts} <= {403}
    assert house.parts.audit.newest() == before  # no operation was asked for anything
