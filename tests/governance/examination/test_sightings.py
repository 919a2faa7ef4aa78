"""A face search in a film under a strict purpose: everybody whom it finds is reviewed; its answer follows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select, update
from tests.responsible import Office
from tests.reviewing import ReviewOffice
from tests.video.jobs.asking import FOREVER

from regard.app import Parts, build, declared_operations
from regard.context import Context
from regard.errors import AccessDeniedException
from regard.governance.examination.sheets import sheet_order
from regard.governance.rules.authorizations import RULES
from regard.governance.rules.replay import Replay
from regard.governance.rules.rule import LogRecord
from regard.governance.rules.sources import records_within
from regard.governance.rules.tables import unexplained
from regard.jobs.leases import JobLeases
from regard.jobs.records import Item, Step
from regard.jobs.worker import Worker
from regard.operations import OPERATIONS
from regard.operations.reviewing.sightings import settle_track
from regard.operations.stored_video.stored_analyses import FACE_SEARCH
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import candidates, collections, false_matches, job_items, reviews
from regard.video.following.portraits import TrackPortrait
from regard.vision.faces.face import Quality

DOCUMENT = {
    "Issuer": "District Court",
    "Number": "22 Gs 17/26",
    "Digest": "ab" * 32,
    "Issued": datetime.now(UTC) - timedelta(days=1),
}
VIDEO = {"S3Object": {"Bucket": "films", "Name": "yard.mp4"}}


class Scripted:
    """Finds people in a film who stand in a list: of each a portrait, and whom they resemble."""

    listing = FACE_SEARCH.listing

    def __init__(self) -> None:
        self.tracks: list[tuple[TrackPortrait, list[str]]] = []
        self.before_keeping: Callable[[], object] = lambda: None

    def __call__(
        self, ctx: Context, _request: dict[str, Any], state: dict[str, Any] | None
    ) -> Iterator[Step]:
        for number in range(0 if state is None else state["at"], len(self.tracks)):
            portrait, names = self.tracks[number]
            matches = [
                {"Similarity": 99.9 - place / 10, "Face": {"FaceId": name, "ExternalImageId": f"who-{name}"}}
                for place, name in enumerate(names)
            ]
            key, body = f"{number:09}", {"Timestamp": 40 * number, "Person": {"Index": number}}
            settle = settle_track(ctx, portrait, matches, key) if matches else None
            items = [
                Item(40 * number, key, body),
                Item(40 * number, key, {"FaceMatches": []}, "MATCHES", settle),
            ]
            self.before_keeping()
            yield Step(items, {"at": number + 1}, (number + 1) / len(self.tracks), {"VideoMetadata": {}})


class Film(ReviewOffice):
    """An office that has a film searched for the people of a list."""

    def __init__(self, parts: Parts, script: Scripted) -> None:
        super().__init__(parts)
        self.script = script
        self.faces: list[str] = []

    def authorized(self, basis: str = "warrant") -> str:
        exigent = basis == "exigency"
        asked = self.call(
            "request_authorization",
            self.ines,
            CaseId=self.case_id,
            Basis=basis,
            CollectionId="wanted",
            Videos=["films/*"],
            **({"Grounds": "Shots were fired."} if exigent else {}),
        )["AuthorizationId"]
        if not exigent:
            self.call("approve_authorization", self.approver(), AuthorizationId=asked, **DOCUMENT)
        return str(asked)

    def start(self) -> str:
        request = {"CollectionId": "wanted", "Video": VIDEO}
        return str(self.call("start_face_search", self.ines, self.case_id, **request)["JobId"])

    def run(self) -> str:
        job_id, jobs = self.start(), self.parts.stores.jobs
        leases = JobLeases(jobs, seconds=60, attempts=3)
        assert Worker(jobs, leases, lambda: self.parts.gate, lease_seconds=60).run_one(FOREVER)
        return job_id

    def get(self, job_id: str) -> Any:
        return self.parts.gate.answer("get_face_search", {"JobId": job_id}, self.ines, case=self.case_id)

    def told(self, job_id: str) -> list[list[dict[str, Any]]]:
        """Whom each person resembles, as far as it is told."""
        return [one.get("FaceMatches", []) for one in self.get(job_id).body["Persons"]]

    def reviews(self, job_id: str) -> list[str]:
        headers = self.get(job_id).headers
        return [one.split(";")[0] for one in headers.get("x-regard-review", "").split(", ") if one]

    def rate_named(self, name: str, values: dict[str, int]) -> None:
        """Somebody takes the next sheet and rates it by whom it shows, which only a test knows."""
        person, review = self.reviewer(name), self.take(name)
        stored = self.parts.stores.accountability.examination.reviews.get(review)
        order = sheet_order(stored, str(person.person_id))
        given = [{"Number": n, "Value": values[one.name]} for n, one in enumerate(order, 1)]
        self.call("put_ratings", person, ReviewId=review, Ratings=given)

    def violations(self) -> list[str]:
        replay = Replay(declared_operations())
        with self.parts.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
        return [one.sentence for one in replay.end()]


@pytest.fixture(scope="module")
def script() -> Scripted:
    return Scripted()


@pytest.fixture(scope="module")
def film_parts(
    installed_pack: InstalledPack, script: Scripted, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("films")
    (folder / "yard.mp4").write_bytes(b"a film that nobody opens")
    table = dict(OPERATIONS)
    table["start_face_search"] = replace(table["start_face_search"], analysis=script)
    data = tmp_path_factory.mktemp("office") / "data"
    built = build(Settings.load({}, data=data, buckets=f"films={folder}"), operations=table)
    yield built
    built.close()


@pytest.fixture
def film(film_parts: Parts, script: Scripted, portrait: Path, other_portrait: Path) -> Iterator[Film]:
    """Of three people the first resembles both enrolled faces, the second one of them, the third nobody."""
    office = Film(film_parts, script)
    office.gallery(other_portrait, portrait)
    listed = office.call("list_faces", office.otto, CollectionId="wanted")["Faces"]
    office.faces = [face["FaceId"] for face in listed]
    first, second, third = map(portrait_in, ("red", "green", "blue"))
    script.before_keeping = lambda: None
    script.tracks = [(first, office.faces), (second, office.faces[:1]), (third, [])]
    yield office
    office.close()


def portrait_in(colour: str) -> TrackPortrait:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(out, "JPEG")
    return TrackPortrait(out.getvalue(), Quality(60, 40))


def test_people_are_told_with_placeholders_that_name_their_review(film: Film) -> None:
    film.authorized()
    job_id = film.run()
    answer = film.get(job_id)
    first, second = film.reviews(job_id)
    both, one, none = film.told(job_id)
    assert {match["Face"]["ExternalImageId"] for match in both} == {
        f"PENDING_REVIEW:{first}:{number}" for number in (1, 2)
    }
    assert [match["Face"]["ExternalImageId"] for match in one] == [f"PENDING_REVIEW:{second}:1"]
    assert none == []
    assert one[0]["Face"]["FaceId"] in {match["Face"]["FaceId"] for match in both}
    assert [match["Similarity"] for match in (*both, *one)] == [99.0] * 3
    assert not [name for name in (*film.faces, "who-", "99.9", "99.8") if name in json.dumps(answer.body)]
    assert answer.headers["x-regard-case"] == film.case_id
    assert answer.headers["x-regard-review"] == (
        f"{first};status=PENDING_REVIEW;candidates=2, {second};status=PENDING_REVIEW;candidates=1"
    )
    assert answer.headers["x-regard-reviews"] == "2;pending=2"


def test_a_face_erased_before_its_find_is_kept_is_no_candidate(film: Film) -> None:
    film.authorized()
    erased, other = film.faces

    def erase() -> None:
        film.call("delete_faces", film.otto, CollectionId="wanted", FaceIds=[erased])

    film.script.before_keeping = erase
    job_id = film.run()
    [review] = film.reviews(job_id)  # of the first person; the second resembled nobody else
    with film.parts.database.read() as connection:
        kept = connection.execute(
            select(candidates.c.subject).join(reviews).where(reviews.c.review_id == review)
        ).scalars()
        assert list(kept) == [f"face/{other}"]


def test_each_find_and_each_answer_has_its_record(film: Film) -> None:
    authorization = film.authorized()
    job_id = film.run()
    found = film.reviews(job_id)
    records = [one for one in film.parts.audit.export() if one.get("job") == job_id]
    opened = [one for one in records if one["operation"] == "open review"]
    assert [one["review"] for one in opened] == found
    assert {one["authorization"] for one in opened} == {authorization}
    assert records[-1]["reviews"] == found
    assert film.violations() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"authorization": None}, "was opened without an authorization"),
        ({"case": "C-1999-000001"}, "is of the case C-1999-000001"),
        ({"time": "2099-01-01T00:00:00.000+00:00"}, "did not hold"),
    ],
)
def test_the_log_alone_shows_a_find_outside_its_authorization(
    film: Film, change: dict[str, Any], says: str
) -> None:
    film.authorized()
    film.run()
    replay = Replay(declared_operations(), RULES)
    *_, last = [one for one in film.parts.audit.export() if one["operation"] == "open review"]
    for record in film.parts.audit.export():
        said = {**record, **change} if record["sequence"] == last["sequence"] else record
        replay.take(LogRecord(record["sequence"], record["hash"], json.dumps(said), said))
    [violation] = replay.end()
    assert (violation.rule, says in violation.sentence) == ("finds", True)


def test_nothing_of_matches_is_kept_beside_the_film(film: Film) -> None:
    film.authorized()
    film.run()
    with film.parts.database.read() as connection:
        bodies = " ".join(connection.execute(select(job_items.c.body)).scalars())
    assert not [name for name in film.faces if name in bodies]


def test_a_lead_is_told_to_the_case_and_who_was_rejected_is_left_out(film: Film) -> None:
    film.authorized()
    job_id = film.run()
    for name in ("rita", "rolf"):
        for _ in range(2):
            film.rate_named(name, {film.faces[0]: 3, film.faces[1]: -3})
    both, one, none = film.told(job_id)
    for told in (both, one):
        [match] = told
        assert (match["Face"]["FaceId"], match["Similarity"]) == (film.faces[0], pytest.approx(99.9))
    assert none == []
    assert "status=DECIDED" in film.get(job_id).headers["x-regard-review"]
    other = Office.person(film, f"olga-{job_id[:6]}", "investigator", trained="search")
    with pytest.raises(AccessDeniedException, match="There is no case"):
        film.call("get_face_search", Office.key(film, other, "investigator"), film.case_id, JobId=job_id)
    assert film.violations() == []


def test_a_sheet_shows_the_person_of_the_film_and_nothing_of_the_search(film: Film) -> None:
    film.authorized()
    film.run()
    review = film.take("rita")
    sheet = film.call("get_review_sheet", film.reviewer("rita"), ReviewId=review)
    assert sheet.keys() == {"ReviewId", "Probe", "Candidates", "Features"}
    shown = film.call("get_review_picture", film.reviewer("rita"), ReviewId=review, Number=0)["Picture"]
    assert Image.open(io.BytesIO(shown)).size == (400, 400)


def test_started_again_the_same_people_have_the_same_reviews(film: Film) -> None:
    film.authorized()
    first, second = film.run(), film.run()
    assert film.reviews(first) == film.reviews(second) != []


def test_a_worker_that_dies_leaves_the_steps_that_it_kept_and_their_reviews(film: Film) -> None:
    film.authorized()
    job_id, jobs = film.start(), film.parts.stores.jobs
    leases = JobLeases(jobs, seconds=60, attempts=3)
    lease = leases.take("one that dies")
    assert lease is not None
    steps = film.parts.gate.run_job(lease.job)
    leases.commit(lease, next(steps), film.parts.gate.may_keep)
    leases.give_back(lease)  # as when its time is over
    [kept] = film.parts.stores.accountability.examination.reviews.of_cases()[-1:]
    assert Worker(jobs, leases, lambda: film.parts.gate, lease_seconds=60).run_one(FOREVER)
    assert film.reviews(job_id)[0] == kept.review_id
    assert len(film.told(job_id)) == 3
    assert film.violations() == []


def test_what_a_lapsed_authorization_has_found_is_gone_from_reviews_too(film: Film) -> None:
    authorization = film.authorized("exigency")
    job_id = film.run()
    found = film.reviews(job_id)
    film.call("reject_authorization", film.approver(), AuthorizationId=authorization, Reason="no")
    with pytest.raises(AccessDeniedException, match="is erased"):
        film.get(job_id)
    examination = film.parts.stores.accountability.examination
    for name in found:
        review = examination.reviews.get(name)
        assert review.status == "WITHDRAWN"
        assert examination.sheets.pictures(review) == {}
    [erasure] = [
        one
        for one in film.parts.audit.export()
        if one["operation"] == "erase authorization" and one["subject"] == authorization
    ]
    assert erasure["reviews"] == found
    assert film.violations() == []


def test_a_collection_that_gave_too_many_wrong_leads_is_not_searched_in_films(film: Film) -> None:
    film.authorized()
    with film.parts.database.read() as connection:
        collection = connection.execute(select(collections.c.row)).scalar_one()
    row = {"collection": collection, "collection_id": "wanted", "model": "2.0", "similarity": 99.0}
    said = {"cause": "poor picture", "consequence": "NONE", "found": milliseconds()}
    with film.parts.database.write() as connection:
        review = connection.execute(select(reviews.c.row)).scalars().first()
        rows = [{"review": review, "number": number, **row, **said} for number in (1, 2, 3)]
        connection.execute(insert(false_matches), rows)
    with pytest.raises(AccessDeniedException, match="3 leads from the collection wanted were wrong"):
        film.start()


def test_a_review_and_a_lead_that_no_record_explains_are_reported(film: Film) -> None:
    film.authorized()
    first, second = film.reviews(film.run())
    with film.parts.database.write() as connection:
        connection.execute(update(reviews).where(reviews.c.review_id == first).values(review_id="R-1999-1"))
        here = candidates.c.review.in_(select(reviews.c.row).where(reviews.c.review_id == second))
        connection.execute(update(candidates).where(here).values(status="LEAD"))
    replay = Replay(declared_operations())
    with film.parts.database.read() as connection:
        for record in records_within(connection):
            replay.take(record)
        told = [one for one in unexplained(connection, replay.state) if "R-1999-1" in one or second in one]
    assert told == [
        "No record says that a search opened the review R-1999-1.",
        f"Candidate 1 of {second} is LEAD; no record makes it a lead.",
    ]


def test_an_enrolled_face_that_was_erased_is_told_no_more(film: Film) -> None:
    film.authorized()
    job_id = film.run()
    for name in ("rita", "rolf"):
        for _ in range(2):
            film.rate_named(name, dict.fromkeys(film.faces, 3))
    film.call("delete_faces", film.otto, CollectionId="wanted", FaceIds=film.faces[:1])
    both, one, _ = film.told(job_id)
    assert [match["Face"]["FaceId"] for match in both] == film.faces[1:]
    assert one == []
