"""Embeddings loaded in bulk: each once, searchable at once, refused when they can't be a face's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.collections.bulk import BulkLoader, Embeddings, Loaded, check
from regard.collections.face_models import FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.identifiers import new_identifiers
from regard.collections.store import CollectionStore
from regard.errors import RegardError, ResourceNotFoundException, ServiceQuotaExceededException
from tests.collections.made_models import models_of
from tests.postgres import Place

DIMENSION = 16


class Stores:
    """What one process has of a database."""

    def __init__(self, place: Place, max_faces: int = 10_000) -> None:
        self.database = place.open()
        indexes = FollowedIndexes(self.database, models_of(DIMENSION))
        self.collections = CollectionStore(self.database, indexes)
        self.gallery = Gallery(self.database, indexes, max_faces=max_faces)
        self.loader = BulkLoader(self.database, max_faces=max_faces)

    def load(self, batch: Embeddings) -> Loaded:
        return self.loader.load(self.collections.get("c"), batch)

    def faces(self):
        return self.gallery.page(self.collections.get("c"), after=0, limit=10_000)


@pytest.fixture
def stores(place: Place) -> Stores:
    stores = Stores(place)
    stores.collections.create("c", "1")
    return stores


def some(count: int, seed: int = 0, **more: object) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), **more)  # type: ignore[arg-type]


def test_what_is_loaded_is_found_by_the_next_search(stores: Stores) -> None:
    batch = some(2500, external_image_ids=[f"p{n}" for n in range(2500)])
    collection = stores.collections.get("c")
    assert stores.gallery.search(collection, batch.vectors[0], limit=1, radius=9) == []  # the index is loaded
    assert stores.load(batch) == Loaded(added=2500, known=0)
    for row in (0, 1234, 2499):
        [match] = stores.gallery.search(collection, batch.vectors[row], limit=1, radius=0.01)
        assert match.face.external_image_id == f"p{row}"
    assert stores.collections.get("c").face_count == 2500


def test_a_batch_that_is_loaded_again_is_known(stores: Stores) -> None:
    batch = some(1500, external_image_ids=["one person"] * 1500)
    stores.load(batch)
    version = stores.collections.get("c").version
    assert stores.load(batch) == Loaded(added=0, known=1500)
    assert stores.collections.get("c").version == version
    assert stores.loader.known(stores.collections.get("c"), batch) == 1500


def test_a_batch_of_which_a_part_is_there_is_completed(stores: Stores) -> None:
    batch = some(30)
    stores.load(replace(batch, vectors=batch.vectors[10:20]))
    assert stores.load(batch) == Loaded(added=20, known=10)
    assert len(stores.faces()) == stores.collections.get("c").face_count == 30


def test_the_same_vector_is_enrolled_once_for_each_external_id(stores: Stores) -> None:
    twice = some(1).vectors.repeat(4, 0)
    batch = Embeddings(twice, external_image_ids=["a", "b", "a", "b"])
    assert stores.load(batch) == Loaded(added=2, known=2)
    assert [face.external_image_id for face in stores.faces()] == ["a", "b"]


def test_vectors_are_the_same_in_whichever_precision_they_come(stores: Stores) -> None:
    batch = some(5)
    stores.load(batch)
    assert stores.load(replace(batch, vectors=batch.vectors.astype(np.float16))).added == 0


def test_a_face_with_an_id_is_known_by_it_and_keeps_it(stores: Stores) -> None:
    ids = new_identifiers(3)
    boxes = np.array([[0.1, 0.2, 0.3, 0.4]] * 3)
    confidences = np.array([90.0, 91.0, 92.0])
    batch = some(3, face_ids=ids, image_ids=ids[::-1], boxes=boxes, confidences=confidences)
    assert stores.load(batch).added == 3
    assert stores.load(replace(batch, vectors=some(3, seed=1).vectors)).added == 0
    faces = stores.faces()
    assert [face.face_id for face in faces] == ids
    assert [face.image_id for face in faces] == ids[::-1]
    assert [face.confidence for face in faces] == [90.0, 91.0, 92.0]
    assert faces[0].box.height == 0.4


def test_a_face_without_particulars_gets_ids_of_its_own_and_the_whole_image(stores: Stores) -> None:
    stores.load(some(2))
    one, two = stores.faces()
    assert len({one.face_id, two.face_id, one.image_id, two.image_id}) == 4
    assert (one.box.left, one.box.top, one.box.width, one.box.height) == (0, 0, 1, 1)
    assert (one.external_image_id, one.confidence) == ("", 100)


def test_a_batch_beyond_the_quota_is_refused_whole(place: Place) -> None:
    stores = Stores(place, max_faces=12)
    stores.collections.create("c", "1")
    stores.load(some(10))
    with pytest.raises(ServiceQuotaExceededException, match="can't hold more than 12 faces"):
        stores.load(some(3, seed=1))
    assert stores.load(some(10)) == Loaded(added=0, known=10)  # what is there needs no room
    assert stores.collections.get("c").face_count == len(stores.faces()) == 10


def test_nothing_is_loaded_into_a_collection_that_went_away(stores: Stores) -> None:
    before = stores.collections.get("c")
    stores.collections.delete(stores.collections.get("c"))
    stores.collections.create("c", "1")
    with pytest.raises(ResourceNotFoundException):
        stores.loader.load(before, some(1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"vectors": np.full((1, DIMENSION), np.nan, np.float32)}, "no finite number"),
        ({"vectors": np.full((1, DIMENSION), np.inf, np.float16)}, "no finite number"),
        ({"vectors": np.zeros((1, DIMENSION), np.float32)}, "has the length 0, and an embedding"),
        ({"vectors": np.full((1, DIMENSION), 5, np.float32)}, "has the length 20, and an embedding"),
        ({"external_image_ids": ["Ann Lee"]}, "has the external_image_id 'Ann Lee', which Rekognition"),
        ({"external_image_ids": ["x" * 256]}, "which Rekognition does not allow"),
        ({"face_ids": ["1"]}, "has the face_id '1'"),
        ({"image_ids": ["A" * 36]}, "has the image_id"),
        ({"confidences": np.array([100.5])}, "has a confidence that is not within 0 to 100"),
        ({"boxes": np.array([[0, 0, np.nan, 1]])}, "has a box that is not within"),
    ],
)
def test_what_can_not_be_a_face_is_refused_with_its_row(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(RegardError, match="^Row 1,000 ") as caught:
        check(replace(some(1), **change), 1000)  # type: ignore[arg-type]
    assert sentence in str(caught.value)


def test_embeddings_of_real_faces_pass(parts, group_photo: Path) -> None:
    from regard.vision.image import decode_image

    analyzer = parts.models.faces
    image = decode_image(group_photo.read_bytes())
    embedder = FaceModels().default.embedder
    check(Embeddings(embedder.embed(analyzer.descriptors(image), analyzer.detect(image))), 0)
