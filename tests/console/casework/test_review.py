"""The blind sheet in the browser: what a reviewer gets before the ratings are taken, and after."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from regard.console.signin.sessions import BrowserSessions
from tests.console.casework.conftest import Browse, grow_old
from tests.console.visiting import Visitor
from tests.responsible import CASE
from tests.reviewing import ReviewOffice

SAME = {"value-1": "3", "NOSE-1": "agree", "EARS-1": "differ", "note-1": "A scar.", "view": "mirrored"}


def take(browser: Visitor) -> str:
    """The address of the next sheet."""
    taken = browser.post("/console/review", act="take")
    assert taken.status_code == 303, taken.text
    return str(taken.headers["location"])


def everything_before_the_commit(browser: Visitor) -> Iterator[httpx.Response]:
    """Every answer that a reviewer's browser gets, with the files that the pages name."""
    pages = [browser.get("/console"), browser.get("/console/review"), browser.get("/console/review/record")]
    taken = browser.post("/console/review", act="take")
    sheet = browser.get(taken.headers["location"])
    data = browser.get(taken.headers["location"], data=True)
    yield from (*pages, taken, sheet, data)
    named = {
        path for page in (*pages, sheet) for path in re.findall(r'(?:src|href)="(/console/[^"]+)"', page.text)
    }
    yield from (browser.get(path.replace("&amp;", "&")) for path in sorted(named))


@pytest.mark.usefixtures("gallery")
def test_no_byte_before_the_commit_tells_more_than_faces(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    office.search(portrait)
    kept = office.call("list_reviews", office.ines)["Reviews"][0]
    found = office.call("list_faces", CollectionId="wanted")["Faces"]
    told = [CASE[name] for name in ("Reference", "Basis", "Offence", "Justification")]
    told += [office.case_id, "wanted", str(kept["Searcher"]), office.name("ines")]
    told += [face[name] for face in found for name in ("FaceId", "ImageId", "ExternalImageId")]
    told += ["imilarity", "imilar to", "score", "Rank"]
    answers = list(everything_before_the_commit(browse("rita")))
    pictures = [one for one in answers if one.headers.get("content-type") == "image/jpeg"]
    assert len(pictures) == 2
    for answer in answers:
        if "/static/" in str(answer.url):
            continue  # the same for everybody, whatever was searched
        heard = answer.content + repr(answer.headers).encode()
        for secret in told:
            assert secret.encode() not in heard, (answer.url, secret)


@pytest.mark.usefixtures("gallery")
def test_the_ratings_are_kept_with_the_features_and_the_view(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    for name in ("rita", "rolf"):
        browser = browse(name)
        answer = browser.post(take(browser), act="commit", **SAME)
        assert answer.status_code == 200
        assert "Similarity" in answer.text
        assert "Surely the same person" in answer.text
    assert office.status(review) == "LEAD"
    [rating, _] = office.call("get_review", office.ines, ReviewId=review)["Ratings"]
    assert rating["Features"] == ["NOSE", "EARS"]
    assert rating["Note"] == "A scar. Agree: NOSE. Differ: EARS. Seen mirrored."


@pytest.mark.usefixtures("gallery")
def test_what_is_not_rated_is_asked_for_with_what_was_filled_in(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    office.search(portrait)
    browser = browse("rita")
    answer = browser.post(take(browser), act="commit", **{**SAME, "value-1": ""})
    assert answer.status_code == 422
    assert "Rate face 1." in answer.text
    assert "A scar." in answer.text


@pytest.mark.usefixtures("gallery")
def test_an_old_verification_loses_nothing_of_what_was_filled_in(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    browser = browse("rita")
    sheet = take(browser)
    grow_old(office)
    answer = browser.post(sheet, act="commit", **SAME)
    assert (answer.status_code, "/console/verify" in answer.text) == (422, True)
    assert "A scar." in answer.text
    assert office.call("get_review", office.ines, ReviewId=review)["Status"] == "PENDING"
    BrowserSessions(office.parts.database).verify(browser.cookies["regard"])
    assert browser.post(sheet, act="commit", **SAME).status_code == 200


def test_the_answer_of_a_known_sheet_is_told_after_it_and_counts(
    office: ReviewOffice, browse: Browse, portrait: Path, other_portrait: Path
) -> None:
    office.call("create_known_answer", Probe=portrait.read_bytes(), Different=[other_portrait.read_bytes()])
    browser = browse("rita")
    sheet = take(browser)
    assert "known" not in browser.get(sheet).text
    answer = browser.post(sheet, act="commit", **SAME)
    assert "The answer of this sheet was known" in answer.text
    assert "another person" in answer.text
    [own] = browser.get("/console/review/record", data=True).json()["Proficiency"]
    assert (own["Different"], own["Mistaken"]) == (1, 1)
    assert browse("rolf").get("/console/review/record", data=True).json() == {"Proficiency": []}


@pytest.mark.usefixtures("gallery")
def test_a_pause_is_offered_after_half_an_hour(office: ReviewOffice, browse: Browse, portrait: Path) -> None:
    office.search(portrait)
    browser = browse("rita")
    began = int(time.time()) - 31 * 60
    sheet = browser.post(f"/console/review?since={began}", act="take").headers["location"]
    assert "half an hour. Pause" in browser.post(sheet, act="commit", **SAME).text


@pytest.mark.usefixtures("gallery")
def test_a_sheet_and_its_pictures_are_for_who_took_it_alone(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    office.search(portrait)
    sheet = take(browse("rita")).partition("?")[0]
    for path in (sheet, f"{sheet}/pictures/0"):
        assert browse("rolf").get(path).status_code == 404
    assert browse("rita").get(f"{sheet}/pictures/9").status_code == 404
    assert browse("rita").get(f"{sheet}/pictures/x").status_code == 404


def test_where_nothing_waits_that_is_said(browse: Browse) -> None:
    assert "nothing for you to review" in browse("rita").post("/console/review", act="take").text
