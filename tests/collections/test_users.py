"""The users of a collection: what was answered is so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regard.collections.records import Association, RefusedFace
from regard.errors import (
    ConflictException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from regard.storage.database import Database
from tests.collections.user_stores import PEOPLE, Stores
from tests.postgres import Place


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
    store.collections.delete(store.collections.get("c"))
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
