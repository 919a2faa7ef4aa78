"""Vectors of a collection made anew by another face model, on either database: both stay until the switch."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.postgres import Place
from tests.waiting import wait_until

from regard.collections.changes import IndexKey, Space
from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import Collection, NewFace, StoredFace
from regard.collections.store import CollectionStore
from regard.collections.upgrades import FacesMissing, Upgrades
from regard.collections.user_vector import UserVectors
from regard.collections.users import Users
from regard.errors import RegardError, ThrottlingException
from regard.resources.request_tokens import IdempotentRequest
from regard.storage.backup import back_up, restore
from regard.storage.database import Database
from regard.vision.geometry import Box

DIMENSIONS = {"1": 16, "2": 8, "3": 12}
MODELS = FaceModels(
    {
        version: replace(
            FACE_MODELS["2.0"],
            version=version,
            dimension=size,
            load_user_vectors=lambda size=size: UserVectors(np.zeros(size, np.float32), 0.1),
        )
        for version, size in DIMENSIONS.items()
    }
)
REQUEST = IdempotentRequest("KEY", "test", None, {})


def vector(person: int, version: str = "1") -> np.ndarray:
    """Any two people are far from each other, by each model in another way."""
    found = np.random.default_rng([person, int(version)]).normal(size=DIMENSIONS[version])
    return (found / np.linalg.norm(found)).astype(np.float32)


@dataclass
class Process:
    """What one process has of a database."""

    database: Database
    folder: Path | None = None
    tail: int = 16_384
    indexes: FollowedIndexes = field(init=False)

    def __post_init__(self) -> None:
        sizes = Sizes(self.tail, self.tail * 16)
        self.indexes = FollowedIndexes(self.database, MODELS, folder=self.folder, sizes=sizes)
        self.collections = CollectionStore(self.database, self.indexes)
        self.gallery = Gallery(self.database, self.indexes, max_faces=100_000)
        self.users = Users(self.database, self.indexes, MODELS, max_users=1000)
        self.upgrades = Upgrades(self.database, self.indexes, MODELS)

    @property
    def collection(self) -> Collection:
        return self.collections.get("c")

    def enrol(self, person: int, collection: Collection | None = None) -> StoredFace:
        """A photo of a person, with a vector by the collection's model, and by its next one."""
        there = collection or self.collection
        following = None if there.next_model is None else vector(person, there.next_model)
        new = NewFace(Box(0.1, 0.1, 0.2, 0.2), 99.0, vector(person, there.face_model_version), following)
        [face] = self.gallery.add(there, [new], image_digest=f"{person}", external_image_id=f"{person}")
        return face

    def carry(self, *people: int) -> None:
        """Makes the vectors of these people by the next model."""
        there = self.collection
        assert there.next_model is not None
        for person in people:
            for face in self.upgrades.missing_of_image(there, f"{person}"):
                self.upgrades.put(there, {face.row: vector(person, there.next_model)})

    def found(self, person: int, collection: Collection | None = None) -> list[str]:
        """Who is found by that person's face, by external ids."""
        there = collection or self.collection
        probe = vector(person, there.face_model_version)
        return [
            match.face.external_image_id for match in self.gallery.search(there, probe, limit=9, radius=0.01)
        ]


@pytest.fixture
def process(place: Place) -> Process:
    """Ten people are in the collection `c`, by model 1."""
    made = Process(place.open())
    made.collections.create("c", "1", {"k": "v"})
    for person in range(10):
        made.enrol(person)
    return made


def test_searches_go_by_the_present_model_until_the_switch_and_by_the_next_one_then(process: Process) -> None:
    ids = [face.face_id for face in process.gallery.page(process.collection, after=0, limit=99)]
    begun = process.upgrades.begin(process.collection, MODELS.of("2"))
    assert (begun.face_model_version, begun.next_model) == ("1", "2")
    for person in range(10):
        process.carry(person)
        assert process.found(person) == [f"{person}"]
        assert process.collection.face_model_version == "1"
    assert process.upgrades.switch(process.collection) == []
    after = process.collection
    assert (after.face_model_version, after.next_model, after.face_count) == ("2", None, 10)
    assert [process.found(person) for person in range(10)] == [[f"{person}"] for person in range(10)]
    assert [face.face_id for face in process.gallery.page(after, after=0, limit=99)] == ids
    assert process.collections.tags(after) == {"k": "v"}
    kept = process.gallery.vector(after, ids[3])
    assert kept is not None
    assert kept == pytest.approx(vector(3, "2"), abs=1e-3)


def test_users_keep_their_faces_and_are_found_by_the_next_model(process: Process) -> None:
    faces = process.gallery.page(process.collection, after=0, limit=99)
    process.users.create(process.collection, "ann", REQUEST)
    process.users.create(process.collection, "nobody", REQUEST)
    chosen = [faces[0].face_id]
    process.users.associate(process.collection, "ann", chosen, REQUEST, threshold=75)
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.upgrades.switch(process.collection)
    there = process.collection
    [match] = process.users.search(there, vector(0, "2"), limit=9, radius=0.01)
    assert match.user.user_id == "ann"
    listed = {user.user_id: user.status for user in process.users.page(there, after=0, limit=9)}
    assert listed == {"ann": "ACTIVE", "nobody": "CREATED"}
    owners = {face.face_id: face.user_id for face in process.gallery.page(there, after=0, limit=99)}
    assert [face_id for face_id, owner in owners.items() if owner == "ann"] == chosen


def test_nothing_is_switched_while_a_face_is_missing(process: Process) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(7))
    with pytest.raises(FacesMissing, match="3 faces have no vector"):
        process.upgrades.switch(process.collection)
    missing = [face.external_image_id for face in process.upgrades.missing(process.collection)]
    assert missing == ["7", "8", "9"]
    assert process.collection.face_model_version == "1"
    assert process.found(9) == ["9"]


def test_faces_that_are_left_out_are_erased_with_the_switch(process: Process) -> None:
    faces = process.gallery.page(process.collection, after=0, limit=99)
    process.users.create(process.collection, "ben", REQUEST)
    process.users.associate(process.collection, "ben", [faces[9].face_id], REQUEST, threshold=75)
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(7))
    dropped = process.upgrades.switch(process.collection, drop_missing=True)
    assert [face.external_image_id for face in dropped] == ["7", "8", "9"]
    assert process.collection.face_count == 7
    assert [len(process.found(person)) for person in (6, 7, 9)] == [1, 0, 0]
    [user] = process.users.page(process.collection, after=0, limit=9)
    assert user.status == "CREATED"
    assert process.users.search(process.collection, vector(9, "2"), limit=9, radius=3.0) == []


def test_faces_enrolled_and_erased_meanwhile_are_so_after_the_switch(process: Process) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.enrol(11)
    [gone, *_] = process.gallery.page(process.collection, after=0, limit=1)
    process.gallery.delete(process.collection, [gone.face_id])
    process.upgrades.switch(process.collection)
    assert process.found(11) == ["11"]
    assert process.found(0) == []
    assert process.collection.face_count == 10


def test_a_writer_who_knows_the_collection_as_it_was_is_told_to_try_again(process: Process) -> None:
    before = process.collection
    process.upgrades.begin(before, MODELS.of("2"))
    with pytest.raises(ThrottlingException, match="face model has just been changed"):
        process.enrol(11, before)
    during = process.collection
    process.carry(*range(10))
    process.upgrades.switch(process.collection)
    with pytest.raises(ThrottlingException, match="face model has just been changed"):
        process.enrol(11, during)
    assert process.enrol(11).external_image_id == "11"


def test_a_search_that_began_before_the_switch_is_right_or_is_tried_again(
    process: Process, place: Place
) -> None:
    other = Process(place.open())
    before, face = process.collection, process.gallery.page(process.collection, after=0, limit=1)[0]
    assert other.found(3, before) == ["3"]
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.upgrades.switch(process.collection)
    assert other.found(3, before) == ["3"]  # by the index that it has
    for one in (process, Process(place.open())):
        with pytest.raises(ThrottlingException, match="face model has just been changed"):
            one.found(3, before)
        with pytest.raises(ThrottlingException, match="face model has just been changed"):
            one.gallery.vector(before, face.face_id)
    assert other.found(3) == ["3"]


def test_other_processes_let_the_old_index_go(process: Process, place: Place, tmp_path: Path) -> None:
    other = Process(place.open(), tmp_path / "index")
    other.found(1)
    other.indexes.keep_level()
    old = IndexKey.of(process.collection, Space.FACES)
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.upgrades.switch(process.collection)
    wait_until(lambda: old not in other.indexes._following)
    assert other.found(1) == ["1"]
    other.indexes.close()


def test_what_was_made_is_kept_for_a_process_that_goes_on(process: Process, place: Place) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(4))
    after = Process(place.open())
    after.upgrades.begin(after.collection, MODELS.of("2"))
    assert (
        after.upgrades.progress(after.collection).faces,
        after.upgrades.progress(after.collection).made,
    ) == (
        10,
        4,
    )
    after.carry(*range(10))
    after.upgrades.switch(after.collection)
    assert after.found(2) == ["2"]


def test_what_another_next_model_made_is_dropped(process: Process) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.upgrades.begin(process.collection, MODELS.of("3"))
    assert process.upgrades.progress(process.collection).made == 0
    process.carry(*range(10))
    process.upgrades.switch(process.collection)
    assert process.found(5) == ["5"]
    assert process.collection.face_model_version == "3"


def test_an_upgrade_that_is_cancelled_changes_nothing(process: Process) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10))
    process.upgrades.cancel(process.collection)
    assert (process.collection.face_model_version, process.collection.next_model) == ("1", None)
    assert process.upgrades.progress(process.collection).made == 0
    assert process.found(5) == ["5"]
    with pytest.raises(RegardError, match="is not being upgraded"):
        process.upgrades.switch(process.collection)


def test_the_model_that_it_has_is_no_upgrade(process: Process) -> None:
    with pytest.raises(RegardError, match="has face model 1 already"):
        process.upgrades.begin(process.collection, MODELS.of("1"))


def test_the_new_index_is_made_before_the_switch_and_is_on_disk(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(place.open(), tmp_path / "index", tail=16)
    process.collections.create("c", "1")
    for person in range(100):
        process.enrol(person)
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(100))
    process.enrol(100)
    key = IndexKey(process.collection.row, Space.FACES, "2")
    prepared, third = [], process.gallery.page(process.collection, after=0, limit=3)[2]
    switched = process.upgrades._switched

    def late(*arguments: Any, **options: Any) -> list[StoredFace]:
        """Others come and go between the index and the transaction."""
        prepared.append(process.indexes._following[key].index)
        process.enrol(101)
        process.gallery.delete(process.collection, [third.face_id])
        return switched(*arguments, **options)

    monkeypatch.setattr(process.upgrades, "_switched", late)
    process.upgrades.switch(process.collection)
    assert process.indexes._following[key].index is prepared[0]
    found = [process.found(person) for person in (0, 50, 99, 100, 101, 2)]
    assert found == [["0"], ["50"], ["99"], ["100"], ["101"], []]
    process.indexes.close()
    assert [folder.name for folder in (tmp_path / "index").iterdir() if any(folder.glob("*.segment"))] == [
        key.name
    ]
    again = Process(place.open(), tmp_path / "index", tail=16)
    assert again.found(101) == ["101"]
    assert again.found(7) == ["7"]
    again.indexes.close()


def test_faces_carried_after_a_switch_that_came_to_nothing_are_not_missed(process: Process) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(5, 10))
    process.indexes.prepare(process.collection)  # as far as a switch got whose collection was then retagged
    process.carry(*range(5))
    process.upgrades.switch(process.collection)
    assert [process.found(person) for person in range(10)] == [[f"{person}"] for person in range(10)]


def test_a_backup_of_an_upgrade_goes_on_where_it_was(process: Process, tmp_path: Path) -> None:
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(6))
    back_up(process.database, tmp_path / "backup", replace=False, progress=lambda *_: None)
    restore(
        tmp_path / "backup",
        tmp_path / "restored",
        None,
        replace=False,
        finish=lambda _: None,
        progress=lambda *_: None,
    )
    there = Process(Database.open(tmp_path / "restored"))
    assert there.collection.next_model == "2"
    assert there.upgrades.progress(there.collection).made == 6
    there.carry(*range(10))
    there.upgrades.switch(there.collection)
    assert there.found(8) == ["8"]


def test_nobody_who_is_enrolled_while_it_is_switched_is_lost(process: Process, place: Place) -> None:
    """Writers who are told to try again do; whoever was answered is found afterwards."""
    enrolled: list[int] = []
    stopped = threading.Event()

    def enrol(first: int) -> None:
        own = Process(place.open())
        person = first
        while not stopped.is_set():
            try:
                own.enrol(person)
            except ThrottlingException:
                continue
            enrolled.append(person)
            person += 1

    threads = [threading.Thread(target=enrol, args=(first,)) for first in (1_000, 1_000_000)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(enrolled) > 20)
    process.upgrades.begin(process.collection, MODELS.of("2"))
    process.carry(*range(10), *sorted(enrolled))
    while True:  # those that were being enrolled when it began have no vector by the next model
        late = [int(face.external_image_id) for face in process.upgrades.missing(process.collection)]
        if not late:
            break
        process.carry(*late)
    process.upgrades.switch(process.collection)
    some = len(enrolled) + 10
    wait_until(lambda: len(enrolled) > some)
    stopped.set()
    for thread in threads:
        thread.join()
    assert process.collection.face_count == len(enrolled) + 10
    assert all(process.found(person) == [f"{person}"] for person in (*range(10), *enrolled))
