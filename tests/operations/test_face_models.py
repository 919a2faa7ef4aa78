"""Collections of two face models in one process: each stays with its own, and a picture is seen once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.collections.made_models import BOTH, OTHER
from tests.two_models import call, opened, photo

from regard.app import Parts
from regard.collections.changes import Space
from regard.errors import InvalidParameterException, RegardError
from regard.operations.stored_video.faces import FaceSearchAnalysis
from regard.packs.install import InstalledPack
from regard.vision.findings import Pictures
from regard.vision.session import SessionPool


@pytest.fixture
def two(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Parts]:
    """Both models, with a collection `old` of 2.0 and `new` of the other; both people are in each."""
    older = opened(tmp_path / "data", "2.0")
    call(older, "create_collection", CollectionId="old")
    older.close()
    parts = opened(tmp_path / "data")
    call(parts, "create_collection", CollectionId="new")
    for collection in ("old", "new"):
        for name in ("astronaut", "hopper"):
            call(parts, "index_faces", CollectionId=collection, Image=photo(name), ExternalImageId=name)
    yield parts
    parts.close()


def test_a_collection_keeps_the_model_that_made_it_and_new_ones_have_the_newest(two: Parts) -> None:
    versions = {
        name: call(two, "describe_collection", CollectionId=name)["FaceModelVersion"]
        for name in ("old", "new")
    }
    assert versions == {"old": "2.0", "new": OTHER.version}
    for name, version in versions.items():
        answer = call(two, "search_faces_by_image", CollectionId=name, Image=photo("hopper"))
        assert answer["FaceModelVersion"] == version
        [match] = answer["FaceMatches"]
        assert match["Face"]["ExternalImageId"] == "hopper"
        assert match["Face"]["IndexFacesModelVersion"] == version
        assert match["Similarity"] > 99


def test_each_collection_has_vectors_of_its_models_own_dimension(two: Parts) -> None:
    for name, model in (("old", BOTH["2.0"]), ("new", OTHER)):
        collection = two.stores.collections.get(name)
        [face, _] = two.stores.gallery.page(collection, after=0, limit=9)
        vector = two.stores.gallery.vector(collection, face.face_id)
        assert vector is not None
        assert vector.shape == (model.dimension,)
        assert len(two.indexes.follow(collection, Space.FACES)) == 2


def test_similarities_are_by_the_curve_of_the_collections_own_model(two: Parts) -> None:
    for name, model in (("old", BOTH["2.0"]), ("new", OTHER)):
        collection = two.stores.collections.get(name)
        faces = two.stores.gallery.page(collection, after=0, limit=9)
        one, other = (two.stores.gallery.vector(collection, face.face_id) for face in faces)
        assert one is not None
        assert other is not None
        request = {"CollectionId": name, "FaceId": faces[0].face_id, "FaceMatchThreshold": 0.0}
        [match] = call(two, "search_faces", **request)["FaceMatches"]
        apart = float(np.linalg.norm(one - other))
        assert match["Similarity"] == pytest.approx(model.curve.similarity(apart), rel=1e-3, abs=1e-6)


def test_users_are_made_and_found_by_the_collections_own_model(two: Parts) -> None:
    for name in ("old", "new"):
        [face] = call(two, "search_faces_by_image", CollectionId=name, Image=photo("hopper"))["FaceMatches"]
        call(two, "create_user", CollectionId=name, UserId="grace")
        given = {"CollectionId": name, "UserId": "grace", "FaceIds": [face["Face"]["FaceId"]]}
        assert call(two, "associate_faces", **given)["UserStatus"] == "ACTIVE"
        found = call(two, "search_users_by_image", CollectionId=name, Image=photo("hopper"))
        assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["grace"]


def test_a_picture_is_decoded_detected_and_described_once_for_both(
    two: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    run = SessionPool.run
    monkeypatch.setattr(
        SessionPool, "run", lambda self, name, feeds: (ran.append(name), run(self, name, feeds))[1]
    )
    pictures = Pictures(two.models)
    call(two, "search_faces_by_image", pictures, CollectionId="old", Image=photo("hopper"))
    alone = len(ran)
    call(two, "search_faces_by_image", pictures, CollectionId="new", Image=photo("hopper"))
    more = set(ran[alone:])
    assert more <= set(OTHER.networks) - set(BOTH["2.0"].networks)


def test_faces_without_a_collection_are_compared_by_the_model_of_the_setting(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    shown = []
    for version in BOTH:
        parts = opened(tmp_path / version, version)
        request = {"SourceImage": photo("hopper"), "TargetImage": photo("astronaut")}
        answer = call(parts, "compare_faces", **request, SimilarityThreshold=0.0)
        shown.append(answer["FaceMatches"][0]["Similarity"])
        assert parts.face_models.default.version == version
        parts.close()
    assert shown[0] != shown[1]


@pytest.mark.parametrize("version", ["1.0", "9.0"])
def test_a_face_model_that_makes_no_vectors_here_is_refused_at_the_start(
    tmp_path: Path, version: str
) -> None:
    with pytest.raises(RegardError, match=f"REGARD_FACE_MODEL must be one of 2.0, .*, not '{version}'"):
        opened(tmp_path / "data", version)
    assert not (tmp_path / "data").exists()


def test_a_video_search_does_not_go_on_by_another_model_than_it_began_with() -> None:
    begun, resumed = (
        FaceSearchAnalysis(SimpleNamespace(face_model=model))  # type: ignore[arg-type]
        for model in (BOTH["2.0"], OTHER)
    )
    with pytest.raises(InvalidParameterException, match="since the job began with 2.0"):
        resumed.restore(begun.state())
    begun.restore(begun.state())
