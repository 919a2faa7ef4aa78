"""A query with a picture: one face of it, on a case, and nobody else's."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path

import httpx
import pytest
from PIL import Image

from regard.app import asgi, build
from regard.console.probes import FaceBox, cut_probe, jpeg, upright_picture
from regard.console.signin.sessions import BrowserSessions, Means
from regard.errors import ValidationException
from regard.governance.people import People
from regard.governance.purpose import TAG
from regard.settings import Settings
from tests.console.casework.conftest import Browse
from tests.console.visiting import Visitor
from tests.reviewing import ReviewOffice


def find_faces(browser: Visitor, case: str, picture: bytes) -> httpx.Response:
    files = {"picture": ("holiday.jpg", picture, "image/jpeg")}
    return browser.post("/console/query", act="faces", case=case, files=files)


def probes(page: httpx.Response) -> dict[str, str]:
    """What the form of the second step holds of each face."""
    return dict(re.findall(r'name="(probe-\d+)" value="([^"]*)"', page.text))


@pytest.mark.usefixtures("gallery")
def test_a_face_is_searched_for_on_the_case_and_leads_to_its_review(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    ines = browse("ines")
    page = find_faces(ines, office.case_id, portrait.read_bytes())
    form = {"case": office.case_id, "collection": "wanted", "face": "1", **probes(page)}
    answer = ines.post("/console/query", act="search", **form)
    [review] = office.call("list_reviews", office.ines, CaseId=office.case_id)["Reviews"]
    assert answer.headers["location"] == f"/console/reviews/{review['ReviewId']}"
    assert "1 candidate." in ines.get(answer.headers["location"]).text


@pytest.mark.usefixtures("gallery")
def test_every_face_has_a_button_and_the_one_meant_alone_is_searched_for(
    office: ReviewOffice, browse: Browse, group_photo: Path
) -> None:
    ines = browse("ines")
    page = find_faces(ines, office.case_id, group_photo.read_bytes())
    assert page.text.count('name="face"') == len([one for one in probes(page).values() if one])
    for probe in probes(page).values():
        content = base64.b64decode(probe)
        if content:
            assert len(office.call("detect_faces", Image={"Bytes": content})["FaceDetails"]) == 1
    form = {"case": office.case_id, "collection": "wanted", "face": "2", **probes(page)}
    assert ines.post("/console/query", act="search", **form).status_code == 303
    [review] = office.call("list_reviews", office.ines, CaseId=office.case_id)["Reviews"]
    assert len(review["Candidates"]) == 1


def test_nobody_found_is_no_proof_and_leaves_no_review(
    office: ReviewOffice, browse: Browse, portrait: Path, other_portrait: Path
) -> None:
    office.gallery(other_portrait)
    ines = browse("ines")
    page = find_faces(ines, office.case_id, portrait.read_bytes())
    form = {"case": office.case_id, "collection": "wanted", "face": "1", **probes(page)}
    answer = ines.post("/console/query", act="search", **form)
    assert "This does not mean that the person is not in the gallery." in answer.text
    assert office.call("list_reviews", office.ines, CaseId=office.case_id)["Reviews"] == []


def test_a_small_face_is_refused_in_one_sentence_and_not_searched_for(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    small, out = Image.open(portrait), io.BytesIO()
    small.thumbnail((120, 120))
    small.save(out, "PNG")
    page = find_faces(browse("ines"), office.case_id, out.getvalue())
    assert "It is too small" in page.text
    assert 'name="face"' not in page.text


@pytest.mark.parametrize("content", [b"not a picture", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_asked_for_again(office: ReviewOffice, browse: Browse, content: bytes) -> None:
    answer = find_faces(browse("ines"), office.case_id, content)
    assert (answer.status_code, "no JPEG or PNG" in answer.text) == (422, True)


def test_an_iphone_s_picture_that_no_browser_has_read_gets_a_sentence_that_says_what_to_do(
    office: ReviewOffice, browse: Browse
) -> None:
    content = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
    answer = find_faces(browse("ines"), office.case_id, content)
    assert (answer.status_code, "Most Compatible" in answer.text) == (422, True)


def test_a_picture_without_a_face_is_asked_for_again(
    office: ReviewOffice, browse: Browse, texture: Path
) -> None:
    answer = find_faces(browse("ines"), office.case_id, texture.read_bytes())
    assert "There is no face in this picture." in answer.text


def test_a_collection_that_nobody_reviews_is_not_searched(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    office.call("create_collection", CollectionId="club", Tags={TAG: "general"})
    ines = browse("ines")
    page = find_faces(ines, office.case_id, portrait.read_bytes())
    form = {"case": office.case_id, "collection": "club", "face": "1", **probes(page)}
    answer = ines.post("/console/query", act="search", **form)
    assert "Nobody reviews searches of that collection" in answer.text


def test_a_search_that_names_no_face_is_asked_for_again(office: ReviewOffice, browse: Browse) -> None:
    form = {"case": office.case_id, "collection": "wanted", "face": "1", "probe-1": "%%%"}
    answer = browse("ines").post("/console/query", act="search", **form)
    assert (answer.status_code, "a face of it" in answer.text) == (422, True)


def test_without_an_open_case_there_is_a_way_to_open_one(office: ReviewOffice, browse: Browse) -> None:
    office.person("irma", "investigator")
    page = browse("irma").get("/console/query").text
    assert "A search takes an open case" in page
    assert 'type="file"' not in page


def test_rules_that_forbid_telephones_forbid_the_page(tmp_path: Path) -> None:
    parts = build(Settings.load({"REGARD_PROFILES": "us-detroit"}, data=tmp_path / "data"), has_models=False)
    token = BrowserSessions(parts.database).open(
        People(parts.database).add("ines", ["investigator"]), Means.PASSKEY
    )
    answer = Visitor(asgi(parts), {"regard": token}).get("/console/query")
    parts.close()
    assert (answer.status_code, "allow no search from this page" in answer.text) == (403, True)


def test_a_probe_holds_the_face_and_paints_over_the_others() -> None:
    picture = Image.new("RGB", (400, 200), (255, 0, 0))
    face, other = FaceBox(50, 50, 100, 100), FaceBox(140, 60, 60, 60)
    cut = Image.open(io.BytesIO(cut_probe(picture, face, [other])))
    assert cut.size == (200, 200)
    assert cut.getpixel((145, 100))[0] > 240  # within the face's box, though the other's covers it
    assert abs(cut.getpixel((170, 90))[0] - 128) < 8


def test_an_upright_picture_is_turned_and_has_no_metadata() -> None:
    exif = Image.Exif()
    exif[274] = 6  # to be turned by a quarter
    exif[271] = "a telephone"
    out = io.BytesIO()
    Image.new("RGB", (300, 100)).save(out, "JPEG", exif=exif)
    picture = upright_picture(out.getvalue(), "no")
    assert picture.size == (100, 300)
    assert dict(Image.open(io.BytesIO(jpeg(picture))).getexif()) == {}


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    out = io.BytesIO()
    Image.new("1", (1, 1)).save(out, "PNG")
    content = bytearray(out.getvalue())
    content[16:24] = struct.pack(">II", 20_000, 20_000)  # what its header says
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    with pytest.raises(ValidationException, match="too large"):
        upright_picture(bytes(content), "too large")
