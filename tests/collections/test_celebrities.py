"""Celebrities, on either database: whom the operator enrolled, in a collection that nobody else reaches."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from regard.collections.celebrities import Celebrities, Photo
from regard.collections.celebrity_rows import GALLERY
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import Celebrity, NewFace
from regard.collections.store import CollectionStore, find_visible
from regard.collections.users import Users
from regard.errors import (
    InvalidParameterException,
    RegardError,
    ResourceNotFoundException,
    ThrottlingException,
)
from regard.storage.database import Database
from regard.storage.schema import faces, user_vectors, users
from regard.vision.geometry import Box
from tests.collections.made_models import models_of
from tests.collections.test_user_vector import DIMENSION, VECTORS, photos
from tests.postgres import Place

PEOPLE = {person: photos(person, 130, noise=0.05) for person in range(4)}  # any two photos match


@dataclass
class Stores:
    """What one process has of a database."""

    database: Database
    versions: tuple[str, ...] = ("1", "2")

    def __post_init__(self) -> None:
        models = models_of(DIMENSION, VECTORS, self.versions)
        indexes = FollowedIndexes(self.database, models)
        self.collections = CollectionStore(self.database, indexes)
        gallery = Gallery(self.database, indexes, max_faces=1000)
        members = Users(self.database, indexes, models, max_users=1000)
        self.celebrities = Celebrities(self.database, gallery, members, models)

    def put(self, name: str, urls: list[str] | None = None, known_gender: str | None = None) -> Celebrity:
        return self.celebrities.put(name, urls=urls, known_gender=known_gender)

    def add(self, name: str, person: int, count: int = 3) -> Celebrity:
        celebrity = self.put(name)
        self.celebrities.enrol(celebrity, [photo_of(person, place) for place in range(count)])
        return celebrity

    def names(self, *probes: np.ndarray, threshold: float = 95.0) -> list[str | None]:
        model = self.celebrities.model
        found = self.celebrities.recognise(np.stack(probes), model=model, threshold=threshold)
        return [None if one is None else one.celebrity.name for one in found]

    def rows(self) -> list[int]:
        """How many faces, users and vectors there are."""
        with self.database.read() as connection:
            return [len(connection.execute(table.select()).all()) for table in (faces, users, user_vectors)]


def photo_of(person: int, place: int) -> Photo:
    face = NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, PEOPLE[person][place])
    return Photo(f"{person}-{place}", face)


@pytest.fixture
def stores(place: Place) -> Stores:
    return Stores(place.open())


def test_each_face_is_the_celebrity_that_it_resembles_most(stores: Stores) -> None:
    stores.add("Ann", 0)
    stores.add("Ben", 1, count=1)
    assert stores.names(PEOPLE[1][9], PEOPLE[2][9], PEOPLE[0][9]) == ["Ben", None, "Ann"]


def test_nobody_is_recognised_before_somebody_is_enrolled(stores: Stores) -> None:
    assert stores.names(PEOPLE[0][0]) == [None]
    stores.put("Ann")
    assert stores.names(PEOPLE[0][0], PEOPLE[1][0]) == [None, None]


def test_the_threshold_decides(stores: Stores) -> None:
    stores.add("Ann", 0)
    probes, model = PEOPLE[0][9][None], stores.celebrities.model
    [found] = stores.celebrities.recognise(probes, model=model, threshold=95.0)
    assert found is not None
    assert 95 <= found.similarity < 100
    assert stores.names(PEOPLE[0][9], threshold=found.similarity) == ["Ann"]
    assert stores.names(PEOPLE[0][9], threshold=found.similarity + 1e-6) == [None]


def test_a_celebrity_has_an_id_like_rekognitions_and_keeps_it(stores: Stores) -> None:
    first = stores.put("Ann", ["example.org/ann"], "Female")
    assert re.fullmatch("[0-9A-Za-z]{8}", first.celebrity_id)
    again = stores.put("Ann", known_gender="Nonbinary")
    assert (again.celebrity_id, again.urls) == (first.celebrity_id, ("example.org/ann",))
    assert again.known_gender == "Nonbinary"
    assert stores.put("Ann", []).urls == ()
    assert [one.name for one in stores.celebrities.all()] == ["Ann"]


def test_a_photo_of_somebody_else_stays_outside_and_leaves_no_trace(stores: Stores) -> None:
    ann = stores.put("Ann")
    chosen = [photo_of(0, 0), photo_of(1, 0), photo_of(0, 1), photo_of(0, 1)]
    joined = stores.celebrities.enrol(ann, chosen)
    assert (joined.done, joined.unlike, joined.surplus) == ([0, 2, 3], [1], [])
    assert stores.celebrities.get(ann.celebrity_id).photos == 2
    assert stores.rows() == [2, 1, 1]


def test_the_same_photos_again_change_nothing(stores: Stores) -> None:
    ann = stores.add("Ann", 0)
    stores.add("Ann", 0)
    assert stores.celebrities.get(ann.celebrity_id).photos == 3
    assert stores.rows() == [3, 1, 1]


def test_a_celebrity_has_a_hundred_photos_at_most(stores: Stores) -> None:
    ann = stores.put("Ann")
    joined = stores.celebrities.enrol(ann, [photo_of(0, place) for place in range(130)])
    assert (len(joined.done), len(joined.surplus)) == (100, 30)
    assert stores.rows() == [100, 1, 1]


def test_a_removed_celebrity_is_gone_with_every_face(stores: Stores) -> None:
    ann = stores.add("Ann", 0)
    stores.add("Ben", 1)
    stores.celebrities.remove(stores.celebrities.find(ann.celebrity_id))
    assert stores.names(PEOPLE[0][0], PEOPLE[1][0]) == [None, "Ben"]
    assert stores.rows() == [3, 1, 1]
    with pytest.raises(ResourceNotFoundException, match=f"{ann.celebrity_id} does not exist"):
        stores.celebrities.get(ann.celebrity_id)
    with pytest.raises(RegardError, match="There is no celebrity Ann"):
        stores.celebrities.find("Ann")


def test_another_process_recognises_at_once_whom_this_one_adds_and_removes(place: Place) -> None:
    one, other = Stores(place.open()), Stores(place.open())
    assert other.names(PEOPLE[0][0]) == [None]
    ann = one.add("Ann", 0)
    assert other.names(PEOPLE[0][0]) == ["Ann"]
    one.celebrities.remove(ann)
    assert other.names(PEOPLE[0][0]) == [None]


def test_no_method_on_collections_reaches_them(stores: Stores) -> None:
    stores.add("Ann", 0)
    stores.collections.create("mine", "2")
    assert [one.collection_id for one in stores.collections.page(after=0, limit=10)] == ["mine"]
    for method, more in (
        (stores.collections.create, ["2"]),
        (stores.collections.get, []),
    ):
        with pytest.raises(ResourceNotFoundException, match="does not exist"):
            method(GALLERY, *more)
    with stores.database.read() as connection:
        assert find_visible(connection, GALLERY) is None
    assert stores.names(PEOPLE[0][0]) == ["Ann"]


def test_celebrities_stay_with_the_face_model_that_made_them_until_nobody_is_left(place: Place) -> None:
    older, newer = Stores(place.open(), ("1", "2")), Stores(place.open(), ("1", "2", "3"))
    ann = older.add("Ann", 0)
    assert newer.names(PEOPLE[0][0]) == ["Ann"]
    newer.add("Ben", 1)
    assert newer.celebrities.model.version == "2"
    assert older.names(PEOPLE[1][0]) == ["Ben"]
    for celebrity in (ann, newer.celebrities.find("Ben")):
        newer.celebrities.remove(celebrity)
    newer.add("Cleo", 2)
    assert newer.celebrities.model.version == "3"


def test_probes_by_another_face_model_are_asked_for_again(stores: Stores) -> None:
    stores.add("Ann", 0)
    other = models_of(DIMENSION, versions=("3",)).default
    with pytest.raises(ThrottlingException, match="just been changed"):
        stores.celebrities.recognise(PEOPLE[0][:1], model=other, threshold=95.0)


def test_celebrities_by_a_face_model_that_is_unknown_here_are_not_searched(place: Place) -> None:
    Stores(place.open(), ("2", "3")).add("Ann", 0)
    with pytest.raises(InvalidParameterException, match="face model 3, which this version"):
        Stores(place.open(), ("1", "2")).names(PEOPLE[0][0])


def test_two_who_make_the_same_celebrity_at_once_make_one(place: Place) -> None:
    processes = [Stores(place.open()) for _ in range(4)]
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: made.append(one.put("Ann").celebrity_id)) for one in processes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    ("name", "urls", "gender"),
    [("", [], None), ("a\nb", [], None), ("a" * 256, [], None), ("a", ["b c"], None), ("a", [], "male")],
)
def test_what_a_celebrity_can_not_be_called_is_refused(
    stores: Stores, name: str, urls: list[str], gender: str | None
) -> None:
    with pytest.raises(RegardError):
        stores.put(name, urls, gender)
    assert stores.celebrities.all() == []
