"""The film of a job is played by the browser that opened it, in ranges, and by nobody else's."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
import uvicorn
from sqlalchemy import select, update

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.ranges import UnsatisfiableRange, asked_range
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.authorizations.records import Ground, Scope
from regard.governance.authorizations.requests import NewAuthorization
from regard.governance.people import People
from regard.jobs import films
from regard.jobs.films import media_type_of
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import browser_sessions, job_items, jobs
from tests.authorizing import case_of
from tests.console.visiting import Visitor
from tests.video.clips import write
from tests.waiting import PATIENCE

SECONDS = 6
PLAYED = """() => new Promise(tell => {
  const film = document.querySelector("video");
  film.ontimeupdate = () => film.currentTime > 4.2 && tell(film.error === null);
  film.play();
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("films")
    pictures = (np.full((96, 128, 3), 20 + number, np.uint8) for number in range(SECONDS * 10))
    write(made / "film.webm", pictures, rate=10, codec="libvpx")
    pictures = (np.full((96, 128, 3), 20 + number, np.uint8) for number in range(SECONDS * 10))
    write(made / "film.mp4", pictures, rate=10, codec="libx264")  # its index is at the end
    (made / "other.webm").write_bytes((made / "film.webm").read_bytes())
    (made / "old.avi").write_bytes(b"RIFF....AVI LIST")
    return made


@pytest.fixture
def parts(tmp_path: Path, folder: Path) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"films={folder}")
    made = build(settings, has_models=False)
    yield made
    made.close()


def somebody(parts: Parts, name: str, *roles: str) -> Visitor:
    token = BrowserSessions(parts.database).open(People(parts.database).add(name, list(roles)), Means.CODE)
    return Visitor(asgi(parts), {"regard": token})


def done(parts: Parts, name: str = "film.webm", codec: str = "vp8") -> str:
    """A job that has found a label at one second and at four."""
    video = {"S3Object": {"Bucket": "films", "Name": name}}
    job = str(parts.gate.call("start_label_detection", {"Video": video}, LOCAL)["JobId"])
    facts = {"VideoMetadata": {"Codec": codec, "DurationMillis": SECONDS * 1000}, "LabelModelVersion": "3.0"}
    with parts.database.write() as connection:
        row = connection.execute(
            update(jobs)
            .where(jobs.c.job_id == job)
            .values(status="SUCCEEDED", facts=json.dumps(facts), progress=1.0, found=2)
            .returning(jobs.c.row)
        ).scalar_one()
        for number, at in enumerate((1000, 4000)):
            label = {"Name": "Car", "Confidence": 90.0, "Instances": [], "Parents": []}
            body = {"Timestamp": at, "Label": label}
            connection.execute(
                job_items.insert().values(
                    job=row, number=number, view="TIMESTAMPS", timestamp=at, key=b"car", body=json.dumps(body)
                )
            )
    return job


def opened(visitor: Visitor, job: str) -> str:
    """The film's address on the page that opening it leads to."""
    answer = visitor.post(f"/console/jobs/{job}", act="watch")
    assert answer.status_code == 303, answer.text
    page = visitor.get(answer.headers["location"].partition("#")[0]).text
    return page.partition('preload="metadata" src="')[2].partition('"')[0]


def views(parts: Parts) -> list[dict[str, Any]]:
    return [record for record in parts.audit.export() if record.get("operation") == "WatchJobVideo"]


def test_a_film_is_read_in_ranges_and_opening_it_is_one_record(parts: Parts, folder: Path) -> None:
    olga, whole = somebody(parts, "olga", "operator"), (folder / "film.webm").read_bytes()
    address = opened(olga, done(parts))
    got = olga.get(address)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, whole, "video/webm")
    part = olga.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert olga.get(address, headers={"Range": "bytes=-10"}).content == whole[-10:]
    past = olga.get(address, headers={"Range": f"bytes={len(whole)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    again = {"Range": "bytes=0-9", "If-Range": part.headers["etag"]}
    assert olga.get(address, headers=again).status_code == 206
    assert olga.get(address, headers={**again, "If-Range": '"another"'}).content == whole
    [record] = views(parts)
    assert (record["outcome"], record["video"]) == ("ok", "films/film.webm")


def test_a_film_that_plays_keeps_no_session_open(parts: Parts) -> None:
    olga = somebody(parts, "olga", "operator")
    address, earlier = opened(olga, done(parts)), milliseconds() - 29 * 60_000
    with parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(seen=earlier))
    assert olga.get(address, headers={"Range": "bytes=0-9"}).status_code == 206
    with parts.database.write() as connection:
        assert connection.execute(select(browser_sessions.c.seen)).scalar_one() == earlier
        connection.execute(update(browser_sessions).values(seen=earlier - 60_000))
    assert olga.get(address, headers={"Range": "bytes=0-9"}).status_code == 303  # to sign in


def test_pieces_join_to_the_film(parts: Parts, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "_PIECE", 1000)
    olga = somebody(parts, "olga", "operator")
    assert olga.get(opened(olga, done(parts))).content == (folder / "film.webm").read_bytes()


def test_an_address_is_of_one_session_and_of_ten_minutes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, otto = somebody(parts, "olga", "operator"), somebody(parts, "otto", "operator")
    address = opened(olga, done(parts))
    assert otto.get(address).status_code == 404
    assert Visitor(asgi(parts)).get(address).status_code == 303  # to sign in
    assert olga.get(address[:-2] + "AA").status_code == 404
    later = milliseconds() + films.FILM_MINUTES * 60_000
    monkeypatch.setattr(films, "milliseconds", lambda: later)
    assert olga.get(address).status_code == 404


def test_a_film_that_was_replaced_is_not_sent_on(parts: Parts, tmp_path: Path, folder: Path) -> None:
    other = folder / "other.webm"
    found = parts.stores.objects.facts("films", "other.webm", None, limit=10**9)
    other.write_bytes(other.read_bytes() + b"more")
    with pytest.raises(Exception, match="replaced"):
        parts.stores.objects.part("films", "other.webm", None, first=0, last=9, tag=found.tag)


def test_a_film_that_was_replaced_since_it_was_analysed_is_not_played(parts: Parts, folder: Path) -> None:
    film = folder / "again.webm"
    film.write_bytes((folder / "film.webm").read_bytes())
    olga, job = somebody(parts, "olga", "operator"), done(parts, "again.webm")
    content = parts.stores.objects.facts("films", "again.webm", None, limit=10**9).content
    with parts.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.job_id == job).values(film=content))
    address = opened(olga, job)
    assert olga.get(address).status_code == 200
    before = film.stat()
    film.with_suffix(".new").write_bytes(film.read_bytes())
    os.utime(film.with_suffix(".new"), ns=(before.st_atime_ns, before.st_mtime_ns))
    film.with_suffix(".new").replace(film)  # as a folder that was restored
    assert olga.get(address).status_code == 200
    film.write_bytes(film.read_bytes()[:-1] + b"?")
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert olga.get(address, headers={"Range": "bytes=0-9"}).status_code == 422
    answer = olga.post(f"/console/jobs/{job}", act="watch")
    assert "The film was replaced since it was analysed" in answer.text


def test_a_film_that_browsers_do_not_play_gets_a_sentence(parts: Parts) -> None:
    olga = somebody(parts, "olga", "operator")
    for job in (done(parts, "old.avi", "mpeg4"), done(parts, codec="mpeg4")):
        answer = olga.post(f"/console/jobs/{job}", act="watch")
        assert answer.status_code == 200
        assert "Browsers don&#39;t play this film (its video is mpeg4)" in answer.text


def test_the_footage_of_a_case_is_seen_by_its_members_alone(parts: Parts) -> None:
    olga, ines = somebody(parts, "olga", "operator"), somebody(parts, "ines", "investigator")
    job, person = done(parts), People(parts.database).get("ines").person_id
    scope = Scope(collection_id="wanted", collection_row=7, videos=("films/fi*",))
    parts.stores.accountability.authorizations.request(
        NewAuthorization(
            case_id=case_of(parts.database, person),
            purpose="law-enforcement",
            basis=Ground.WARRANT,
            scope=scope,
        ),
        person,
    )
    refused = olga.post(f"/console/jobs/{job}", act="watch")
    assert "footage of a case" in refused.text
    assert ines.get(opened(ines, job)).status_code == 200
    assert [record["outcome"] for record in views(parts)] == ["AccessDeniedException", "ok"]


def test_under_a_strict_purpose_a_film_is_seen_on_its_case_alone(parts: Parts) -> None:
    ines = somebody(parts, "ines", "investigator")
    job = done(parts)
    with parts.database.write() as connection:
        connection.execute(
            update(jobs).where(jobs.c.job_id == job).values(purpose="law-enforcement", case_reference="C-1")
        )
    assert "There is no case C-1 that ines works on" in ines.post(f"/console/jobs/{job}", act="watch").text


def test_no_key_opens_a_film(parts: Parts) -> None:
    job = done(parts)
    with pytest.raises(Exception, match="takes a person"):
        parts.gate.call("watch_job_video", {"JobId": job}, LOCAL)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (None, None),
        ("bytes=0-", (0, 99)),
        ("bytes=5-9", (5, 9)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
    ],
)
def test_a_range_is_read_as_http_has_it(text: str | None, asked: tuple[int, int] | None) -> None:
    assert asked_range(text, 100) == asked


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=-0"])
def test_a_range_behind_the_end_is_unsatisfiable(text: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        asked_range(text, 100)


def test_a_container_is_told_by_its_first_bytes() -> None:
    assert media_type_of(b"\0\0\0\x20ftypisom") == "video/mp4"
    assert media_type_of(b"\x1a\x45\xdf\xa3....matroska") is None
    assert media_type_of(b"secret of the server") is None


@pytest.mark.slow
@pytest.mark.skipif(which("chromium") is None, reason="Chromium is not installed")
@pytest.mark.parametrize(
    ("has_script", "name", "codec"),
    [(True, "film.webm", "vp8"), (True, "film.mp4", "h264"), (False, "film.webm", "vp8")],
)
def test_chromium_plays_a_film_and_jumps_in_it(parts: Parts, has_script: bool, name: str, codec: str) -> None:
    api = pytest.importorskip("playwright.sync_api")
    olga, job = somebody(parts, "olga", "operator"), done(parts, name, codec)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(asgi(parts), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address, errors = f"http://localhost:{listener.getsockname()[1]}", []
    try:
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
            context = browser.new_context(base_url=address, java_script_enabled=has_script)
            context.add_cookies([{"name": "regard", "value": olga.cookies["regard"], "url": address}])
            page = context.new_page()
            page.set_default_timeout(PATIENCE * 1000)
            page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
            page.goto(f"/console/jobs/{job}")
            page.get_by_role("button", name="Open the film").click()
            page.get_by_role("heading", name="The film").wait_for()
            if has_script:
                page.wait_for_function("document.querySelector('video').readyState >= 1")
                times = []
                for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
                    page.keyboard.press(key)
                    times.append(page.evaluate("document.querySelector('video').currentTime"))
                assert times == [1, 4, 1]
                page.get_by_role("link", name="4").click()
                assert page.evaluate("document.querySelector('video').currentTime") == 4
                assert page.evaluate(PLAYED)  # so it is decoded
            else:
                with page.expect_response(lambda answer: "/console/films/" in answer.url) as got:
                    page.get_by_role("link", name="4").click()
                assert got.value.status in (200, 206)
                assert page.url.endswith("#t=4.0")
            assert errors == []
            browser.close()
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
