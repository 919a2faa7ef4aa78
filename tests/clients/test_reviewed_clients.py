"""Unmodified boto3 under a strict purpose: placeholders, and two headers, until people have judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.clients.test_strict_clients import as_key, naming
from tests.conftest import Server, start_server, stop_server
from tests.responsible import CASE, Office

from regard.app import build
from regard.governance.purpose import TAG
from regard.packs.install import InstalledPack
from regard.settings import Settings

GALLERY = "reviewed-clients"


@dataclass(frozen=True)
class Bureau:
    """A gallery on a running server, an investigator's client that names her case, and reviewers' clients."""

    server: Server
    office: Office
    client: Any
    case: str
    photo: bytes
    keys: dict[str, tuple[str, str]]

    def search(self) -> Any:
        return self.client.search_faces_by_image(CollectionId=GALLERY, Image={"Bytes": self.photo})

    def reviewer(self, name: str) -> Any:
        """A client of Regard's own API, in a session of that person."""
        client = as_key(self.server, self.keys[name], service="regard")
        token = client.open_session(Code=self.office.code(name, self.office.holder(self.keys[name][0])))

        def show(request: Any, **_: Any) -> None:
            request.headers["x-regard-session"] = token["SessionToken"]

        client.meta.events.register("before-sign.regard.*", show)
        return client


@pytest.fixture(scope="module")
def bureau(
    installed_pack: InstalledPack, portrait: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bureau]:
    """On a server of its own: the queue of reviews is one for the whole installation."""
    server = start_server(tmp_path_factory.mktemp("bureau") / "data")
    parts = build(Settings.load(data=server.data), has_models=False)
    office = Office(parts)
    office.person("inge", "investigator", trained="search")
    office.person("oskar", "operator")
    keys = {}
    for name, role in (("inge", "investigator"), ("oskar", "operator")):
        keys[name] = credentials(office, name, role)
    for name in ("rike", "ralf"):
        office.person(name, "reviewer", trained="review")
        keys[name] = credentials(office, name, "reviewer")
    server.client().create_collection(CollectionId=GALLERY, Tags={TAG: "law-enforcement"})
    photo = portrait.read_bytes()
    as_key(server, keys["oskar"]).index_faces(
        CollectionId=GALLERY, Image={"Bytes": photo}, ExternalImageId="wanted-7"
    )
    case = as_key(server, keys["inge"], service="regard").create_case(**CASE)["CaseId"]
    yield Bureau(server, office, naming(as_key(server, keys["inge"]), case), case, photo, keys)
    parts.close()
    stop_server(server)


def credentials(office: Office, name: str, role: str) -> tuple[str, str]:
    made = office.call("create_key", Name=f"{name}-of-the-bureau", Role=role, Person=name)
    return made["KeyId"], made["SecretAccessKey"]


def test_boto3_is_told_once_two_people_have_judged(bureau: Bureau) -> None:
    answer = bureau.search()
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    [match] = answer["FaceMatches"]
    review = headers["x-regard-review"].split(";")[0]
    assert headers["x-regard-review"] == f"{review};status=PENDING_REVIEW;candidates=1"
    assert headers["x-regard-case"] == bureau.case
    assert match["Similarity"] == 99
    assert match["Face"].keys() == {"FaceId", "ExternalImageId"}
    assert match["Face"]["ExternalImageId"] == f"PENDING_REVIEW:{review}:1"
    for name in ("rike", "ralf"):
        client = bureau.reviewer(name)
        assert client.take_review()["ReviewId"] == review  # the only one of this server
        sheet = client.get_review_sheet(ReviewId=review)
        for number in [sheet["Probe"], *sheet["Candidates"]]:
            shown = client.get_review_picture(ReviewId=review, Number=number)
            assert shown["Picture"].startswith(b"\xff\xd8")
            sent = shown["ResponseMetadata"]["HTTPHeaders"]
            assert not {"etag", "last-modified", "x-regard-case", "x-regard-review"} & sent.keys()
        client.put_ratings(ReviewId=review, Ratings=[{"Number": 1, "Value": 3, "Features": ["EARS"]}])
    decided = bureau.search()
    [match] = decided["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "wanted-7"
    assert "status=DECIDED" in decided["ResponseMetadata"]["HTTPHeaders"]["x-regard-review"]


def test_a_script_with_a_reviewer_s_key_can_t_rate(bureau: Bureau) -> None:
    client = as_key(bureau.server, bureau.keys["rike"], service="regard")
    with pytest.raises(ClientError, match="This takes the person"):
        client.take_review()


def test_a_general_search_has_neither_header(bureau: Bureau) -> None:
    client = bureau.server.client()
    client.create_collection(CollectionId="reviewed-holiday")
    answer = client.search_faces_by_image(CollectionId="reviewed-holiday", Image={"Bytes": bureau.photo})
    sent = answer["ResponseMetadata"]["HTTPHeaders"]
    assert not {"x-regard-case", "x-regard-review"} & sent.keys()
