"""The users of a collection: what was answered is so, however requests come, are repeated, or collide."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select, update

from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import Association, Collection, FaceBox, NewFace, RefusedFace
from regard.collections.requests import REMEMBERED, Request
from regard.collections.similarity import distance_at
from regard.collections.store import CollectionStore
from regard.collections.users import Users
from regard.errors import (
    ConflictException,
    IdempotentParameterMismatchException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from regard.storage.database import Database
from regard.storage.schema import requests, user_vectors
from tests.collections.test_user_vector import DIMENSION, VECTORS, photos
from tests.postgres import Place

PEOPLE = {person: photos(person, 130, noise=0.05) for person in range(4)}  # any two photos match
RADIUS = distance_at(80)


@dataclass
class Stores:
    """What one process has of a database, with one collection `c`."""

    database: Database
    most_users: int = 1000
    collections: CollectionStore = field(init=False)
    gallery: Gallery = field(init=False)
    users: Users = field(init=False)

    def __post_init__(self) -> None:
        indexes = FollowedIndexes(self.database, DIMENSION)
        self.collections = CollectionStore(self.database, indexes)
        self.gallery = Gallery(self.database, indexes, most_faces=10_000)
        self.users = Users(self.database, indexes, VECTORS, most_users=self.most_users)

    @property
    def collection(self) -> Collection:
        return self.collections.get("c")

    def enrol(self, person: int, count: int, first: int = 0) -> list[str]:
        """Photos of a person, each of its own picture; answers the faces' ids."""
        return [
            self.gallery.add(
                self.collection,
                [NewFace(FaceBox(0.1, 0.1, 0.1, 0.1), 99.0, PEOPLE[person][place])],
                image_digest=f"{person}-{place}",
                external_image_id="e",
            )[0].face_id
            for place in range(first, first + count)
        ]

    def create(self, user_id: str, token: str | None = None) -> None:
        self.users.create(self.collection, user_id, Request("create_user", token, {"UserId": user_id}))

    def delete(self, user_id: str, token: str | None = None) -> None:
        self.users.delete(self.collection, user_id, Request("delete_user", token, {"UserId": user_id}))

    def associate(
        self, user_id: str, face_ids: list[str], token: str | None = None, threshold: float = 75.0
    ) -> Association:
        request = Request("associate_faces", token, {"UserId": user_id, "FaceIds": face_ids})
        return self.users.associate(self.collection, user_id, face_ids, request, threshold=threshold)

    def disassociate(self, user_id: str, face_ids: list[str], token: str | None = None) -> Association:
        request = Request("disassociate_faces", token, {"UserId": user_id, "FaceIds": face_ids})
        return self.users.disassociate(self.collection, user_id, face_ids, request)

    def found(self, probe: np.ndarray) -> list[str]:
        matches = self.users.search(self.collection, probe, limit=50, radius=RADIUS)
        return [match.user.user_id for match in matches]

    def listed(self) -> dict[str, str]:
        return {one.user_id: one.status for one in self.users.page(self.collection, after=0, limit=1000)}

    def owners(self) -> dict[str, str | None]:
        return {
            face.face_id: face.user_id for face in self.gallery.page(self.collection, after=0, limit=5000)
        }


@pytest.fixture
def store(place: Place) -> Stores:
    stores = Stores(place.open(), most_users=4)
    stores.collections.create("c", "1")
    return stores


def test_a_user_is_found_as_soon_as_it_has_a_face(store: Stores) -> None:
    first, second = store.enrol(1, 2)
    store.create("ann")
    assert store.listed() == {"ann": "CREATED"}
    assert store.found(PEOPLE[1][5]) == []
    assert store.associate("ann", [first, second]) == Association((first, second), (), "ACTIVE")
    assert store.found(PEOPLE[1][5]) == ["ann"]
    assert store.found(PEOPLE[2][5]) == []
    assert store.listed() == {"ann": "ACTIVE"}
    assert store.owners() == {first: "ann", second: "ann"}


def test_faces_that_can_not_join_are_named_with_the_reason(store: Stores) -> None:
    own, stranger, others = store.enrol(1, 2), store.enrol(2, 1), store.enrol(3, 1)
    store.create("ann")
    store.create("ben")
    store.associate("ben", others)
    store.associate("ann", own[:1])
    answer = store.associate("ann", [*own, *stranger, *others, "unknown"])
    assert answer.done == (own[1],)  # own[0] is hers already: neither joined nor refused
    low, elsewhere, missing = answer.refused
    assert (low.face_id, low.reason, low.user_id) == (stranger[0], "low confidence", None)
    assert low.confidence is not None
    assert low.confidence < 75
    assert elsewhere == RefusedFace(others[0], "of another user", user_id="ben")
    assert missing == RefusedFace("unknown", "not found")


def test_a_face_that_leaves_stays_in_the_collection(store: Stores) -> None:
    faces, others = store.enrol(1, 3), store.enrol(2, 1)
    store.create("ann")
    store.create("ben")
    store.associate("ann", faces[:2])
    store.associate("ben", others)
    answer = store.disassociate("ann", [faces[0], faces[2], others[0], "unknown"])
    assert answer.done == (faces[0],)  # faces[2] belongs to nobody: passed over
    assert answer.refused == (
        RefusedFace(others[0], "of another user", user_id="ben"),
        RefusedFace("unknown", "not found"),
    )
    assert answer.status == "ACTIVE"
    assert store.disassociate("ann", [faces[1]]).status == "CREATED"
    assert store.found(PEOPLE[1][0]) == []
    assert store.collection.face_count == 4
    assert set(store.owners()) == {*faces, *others}


def test_a_deleted_user_leaves_its_faces(store: Stores) -> None:
    faces = store.enrol(1, 3)
    store.create("ann")
    store.associate("ann", faces)
    store.delete("ann")
    assert store.owners() == dict.fromkeys(faces)
    assert store.listed() == {}
    assert store.found(PEOPLE[1][0]) == []
    assert store.collection.user_count == 0
    store.create("ann")  # the name is free again, and the new user empty
    assert store.users.vector(store.collection, "ann") is None


def test_a_face_of_a_user_can_not_be_deleted(store: Stores) -> None:
    [face] = store.enrol(1, 1)
    store.create("ann")
    store.associate("ann", [face])
    _, held = store.gallery.delete(store.collection, [face])
    assert [one.user_id for one in held] == ["ann"]
    store.disassociate("ann", [face])
    erased, _ = store.gallery.delete(store.collection, [face])
    assert [one.face_id for one in erased] == [face]


def test_a_hundred_faces_are_a_users_most(store: Stores) -> None:
    faces = store.enrol(1, 103)
    store.create("ann")
    store.associate("ann", faces[:98])
    answer = store.associate("ann", faces[98:])
    assert len(answer.done) == 2
    assert [(face.reason, (face.confidence or 0) > 75) for face in answer.refused] == [(None, True)] * 3
    with pytest.raises(ServiceQuotaExceededException, match="ann has 100 faces"):
        store.associate("ann", [face.face_id for face in answer.refused])
    assert store.associate("ann", faces[:1]) == Association((), (), "ACTIVE")
    store.disassociate("ann", faces[:1])
    assert len(store.associate("ann", [answer.refused[0].face_id]).done) == 1


def test_users_have_names_of_their_own_and_a_limit(store: Stores) -> None:
    store.create("ann")
    with pytest.raises(ConflictException, match="^The user id: ann already exists$"):
        store.create("ann")
    store.create("ben")
    store.create("cleo")
    store.create("dan")
    with pytest.raises(ServiceQuotaExceededException, match="4 users"):
        store.create("eve")
    assert store.collection.user_count == 4


def test_a_missing_user_is_named(store: Stores) -> None:
    for method in (
        lambda: store.delete("ann"),
        lambda: store.associate("ann", ["x"]),
        lambda: store.disassociate("ann", ["x"]),
        lambda: store.users.vector(store.collection, "ann"),
    ):
        with pytest.raises(ResourceNotFoundException, match="^The user id: ann does not exist$"):
            method()


def test_pages_of_users_hold_each_once(store: Stores) -> None:
    for name in ("ann", "ben", "cleo", "dan"):
        store.create(name)
    seen, after = [], 0
    while page := store.users.page(store.collection, after=after, limit=3):
        seen += [user.user_id for user in page]
        after = page[-1].row
    assert seen == ["ann", "ben", "cleo", "dan"]


def test_a_deleted_collection_takes_its_users_along(store: Stores) -> None:
    store.create("ann", "token")
    store.associate("ann", store.enrol(1, 2))
    store.collections.delete("c")
    store.collections.create("c", "1")
    assert store.listed() == {}
    assert store.found(PEOPLE[1][0]) == []
    store.create("ann", "token")  # nothing is remembered of the old collection either
    assert store.listed() == {"ann": "CREATED"}


def test_a_user_changed_by_another_process_is_found_as_it_is_now(store: Stores, place: Place) -> None:
    faces = store.enrol(1, 2)
    store.create("ann")
    assert store.found(PEOPLE[1][0]) == []  # the index is loaded, and empty
    there = Stores(place.open())
    there.associate("ann", faces)
    assert store.found(PEOPLE[1][0]) == ["ann"]
    there.disassociate("ann", faces)
    assert store.found(PEOPLE[1][0]) == []


def test_an_erased_users_vector_is_nowhere_in_the_files(tmp_path: Path) -> None:
    """SQLite's; PostgreSQL's files are its own."""
    database = Database.open(tmp_path)
    store = Stores(database)
    store.collections.create("c", "1")
    faces = store.enrol(1, 3)
    store.create("ann")

    def written(vector: np.ndarray | None) -> bool:
        assert vector is not None
        blob = vector.astype("<f2").tobytes()
        return any(blob in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())

    store.associate("ann", faces[:2])
    two = store.users.vector(store.collection, "ann")
    store.associate("ann", faces[2:])
    three = store.users.vector(store.collection, "ann")
    assert written(three)
    store.disassociate("ann", faces[2:])
    assert written(two)  # it has those two faces again
    assert not written(three)
    store.delete("ann")
    assert not written(two)
    database.close()


def test_a_repeated_request_is_answered_as_before_and_changes_nothing(store: Stores) -> None:
    faces = store.enrol(1, 3)
    store.create("ann", "1")
    store.create("ann", "1")
    first = store.associate("ann", faces, "2")
    store.disassociate("ann", faces[:1])
    assert store.associate("ann", faces, "2") == first
    assert store.owners()[faces[0]] is None
    left = store.disassociate("ann", faces[1:], "2")  # a token is its operation's own
    assert store.disassociate("ann", faces[1:], "2") == left
    store.delete("ann", "1")
    store.delete("ann", "1")
    assert store.listed() == {}


def test_a_refusal_is_repeated_word_for_word(store: Stores) -> None:
    [own], [stranger] = store.enrol(1, 1), store.enrol(2, 1)
    store.create("ann")
    store.associate("ann", [own])
    first = store.associate("ann", [stranger, "unknown"], "1")
    assert first.refused
    assert store.associate("ann", [stranger, "unknown"], "1") == first


def test_a_token_with_other_parameters_is_refused(store: Stores) -> None:
    store.create("ann", "1")
    with pytest.raises(IdempotentParameterMismatchException):
        store.create("ben", "1")
    assert store.listed() == {"ann": "CREATED"}


def test_a_request_that_failed_is_not_remembered(store: Stores) -> None:
    with pytest.raises(ResourceNotFoundException):
        store.delete("ann", "1")
    store.create("ann")
    store.delete("ann", "1")
    assert store.listed() == {}


def test_a_token_is_forgotten_after_a_day(store: Stores) -> None:
    store.create("ann", "1")
    store.create("ben", "2")

    def grow_older(by: int) -> None:
        with store.database.write() as connection:
            connection.execute(update(requests).values(created=requests.c.created - by))

    grow_older(REMEMBERED - 60_000)
    store.create("ann", "1")
    grow_older(60_001)
    with pytest.raises(ConflictException):
        store.create("ann", "1")
    store.create("cleo", "1")
    with store.database.read() as connection:
        assert connection.execute(select(requests.c.token)).scalars().all() == ["1"]


def in_parallel(*calls: object) -> list[object]:
    """What concurrent calls answered, or raised."""
    results: list[object] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()  # type: ignore[operator]
        except ConflictException as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_face_given_to_two_users_at_once_joins_exactly_one(store: Stores, place: Place) -> None:
    store.create("ann")
    store.create("ben")
    there = Stores(place.open())
    for round_ in range(10):
        [face] = store.enrol(1, 1, first=round_)
        answers = in_parallel(
            lambda face=face: store.associate("ann", [face]),
            lambda face=face: there.associate("ben", [face]),
        )
        assert sorted(len(answer.done) for answer in answers) == [0, 1]  # type: ignore[attr-defined]
        loser = min(answers, key=lambda answer: len(answer.done))  # type: ignore[attr-defined]
        assert loser.refused[0].user_id == store.owners()[face]  # type: ignore[attr-defined]


def test_two_requests_with_one_token_act_once(store: Stores, place: Place) -> None:
    there = Stores(place.open())
    answers = in_parallel(*(lambda at=at: at.create("ann", "1") for at in (store, there) * 4))
    assert answers == [None] * 8
    assert store.collection.user_count == 1


def test_users_associated_at_once_are_all_found(store: Stores) -> None:
    faces = {person: store.enrol(person, 8) for person in PEOPLE}
    for person in PEOPLE:
        store.create(f"user-{person}")
    in_parallel(
        *(
            lambda person=person, face=face: store.associate(f"user-{person}", [face])
            for person in PEOPLE
            for face in faces[person]
        )
    )
    for person in PEOPLE:
        assert store.found(PEOPLE[person][9]) == [f"user-{person}"]
        expected = VECTORS.of(PEOPLE[person][:8])
        assert store.users.vector(store.collection, f"user-{person}") == pytest.approx(expected, abs=2e-3)


def test_a_user_is_found_while_its_faces_change(store: Stores, place: Place) -> None:
    faces = store.enrol(1, 2)
    store.create("ann")
    store.associate("ann", faces[:1])
    there, stop = Stores(place.open()), threading.Event()

    def change() -> None:
        while not stop.is_set():
            there.associate("ann", faces[1:])
            there.disassociate("ann", faces[1:])

    changing = threading.Thread(target=change)
    changing.start()
    try:
        assert [store.found(PEOPLE[1][5]) for _ in range(100)] == [["ann"]] * 100
    finally:
        stop.set()
        changing.join()


@settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
class AgainstAModel(RuleBasedStateMachine):
    """Any sequence of requests leaves what a dictionary of sets says."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.store = Stores(Database.open(Path(self.folder.name)))
        self.store.collections.create("c", "1")
        self.people = {person: self.store.enrol(person, 4) for person in (0, 1, 2)}
        self.person_of = {face: person for person, faces in self.people.items() for face in faces}
        self.users: dict[str, set[str]] = {}

    def teardown(self) -> None:
        self.store.database.close()
        self.folder.cleanup()

    @rule(name=st.sampled_from("abc"))
    def create(self, name: str) -> None:
        if name in self.users:
            with pytest.raises(ConflictException):
                self.store.create(name)
        else:
            self.store.create(name)
            self.users[name] = set()

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        self.store.delete(name)
        del self.users[name]

    @precondition(lambda self: self.users)
    @rule(data=st.data(), person=st.integers(0, 2))
    def associate(self, data: st.DataObject, person: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        chosen = data.draw(st.lists(st.sampled_from(self.people[person]), min_size=1, unique=True))
        answer = self.store.associate(name, chosen)
        own = self.users[name]
        taken = {face for user, faces in self.users.items() if user != name for face in faces}
        free = [face for face in chosen if face not in taken | own]
        fits = not own or {self.person_of[face] for face in own} == {person}
        assert answer.done == (tuple(free) if fits else ())
        refused = {face for face in chosen if face in taken} | set(() if fits else free)
        assert {face.face_id for face in answer.refused} == refused
        own |= set(answer.done)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), person=st.integers(0, 2))
    def disassociate(self, data: st.DataObject, person: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        chosen = data.draw(st.lists(st.sampled_from(self.people[person]), min_size=1, unique=True))
        answer = self.store.disassociate(name, chosen)
        assert set(answer.done) == self.users[name] & set(chosen)
        self.users[name] -= set(chosen)

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        listed = {name: "ACTIVE" if faces else "CREATED" for name, faces in self.users.items()}
        assert self.store.listed() == listed
        assert self.store.collection.user_count == len(self.users)
        owners = {face: name for name, faces in self.users.items() for face in faces}
        assert self.store.owners() == {face: owners.get(face) for face in self.person_of}
        for person in self.people:
            holders = {
                name
                for name, faces in self.users.items()
                if faces and self.person_of[next(iter(faces))] == person
            }
            assert set(self.store.found(PEOPLE[person][9])) == holders
        with self.store.database.read() as connection:
            kept = connection.execute(select(func.count()).select_from(user_vectors)).scalar()
        assert kept == sum(1 for faces in self.users.values() if faces)


TestAgainstAModel = AgainstAModel.TestCase
