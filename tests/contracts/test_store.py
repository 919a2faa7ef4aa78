"""The stores, on either database: what they have answered is there, whoever asks and however it ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.collections.made_models import models_of
from tests.postgres import Place
from tests.waiting import wait_until

from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore, find_collection
from regard.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ThrottlingException,
)
from regard.governance.purpose import TAG
from regard.storage.database import Database
from regard.vision.geometry import Box

DIMENSION = 16
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stores:
    """What one process has of a database."""

    indexes: FollowedIndexes
    collections: CollectionStore
    gallery: Gallery


def store_in(database: Database, max_faces: int = 1000) -> Stores:
    indexes = FollowedIndexes(database, models_of(DIMENSION))
    return Stores(
        indexes, CollectionStore(database, indexes), Gallery(database, indexes, max_faces=max_faces)
    )


@pytest.fixture
def store(place: Place) -> Stores:
    return store_in(place.open())


def a_face(seed: int, left: float = 0.1) -> NewFace:
    vector = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
    return NewFace(Box(left, 0.1, 0.1, 0.1), 99.0, vector)


def enrol(store: Stores, name: str, *faces: NewFace, digest: str = "d", external: str = "e"):
    return store.gallery.add(
        store.collections.get(name), faces, image_digest=digest, external_image_id=external
    )


def test_a_face_is_found_as_soon_as_it_is_enrolled(store: Stores) -> None:
    store.collections.create("c", "1")
    face = a_face(1)
    [stored] = enrol(store, "c", face)
    [match] = store.gallery.search(store.collections.get("c"), face.vector, limit=5, radius=0.1)
    assert match.face == stored
    assert match.distance < 0.01  # float16 storage


def test_a_deleted_face_is_not_found(store: Stores) -> None:
    store.collections.create("c", "1")
    face = a_face(1)
    [stored] = enrol(store, "c", face)
    erased, held = store.gallery.delete(store.collections.get("c"), [stored.face_id, "unknown"])
    assert (erased, held) == ([stored], [])
    assert store.gallery.search(store.collections.get("c"), face.vector, limit=5, radius=9) == []
    assert store.collections.get("c").face_count == 0


def test_the_same_image_and_external_id_is_not_doubled(store: Stores) -> None:
    store.collections.create("c", "1")
    first = enrol(store, "c", a_face(1), a_face(2, left=0.5))
    second = enrol(store, "c", a_face(1), a_face(2, left=0.5), a_face(3, left=0.8))
    assert second[:2] == first
    assert store.collections.get("c").face_count == 3
    assert {face.image_id for face in second} == {first[0].image_id}


def test_another_external_id_enrols_the_same_image_again(store: Stores) -> None:
    store.collections.create("c", "1")
    [one] = enrol(store, "c", a_face(1), external="a")
    [two] = enrol(store, "c", a_face(1), external="b")
    assert one.face_id != two.face_id
    assert store.collections.get("c").face_count == 2


def test_two_requests_with_one_image_enrol_it_once(place: Place) -> None:
    stores = [store_in(place.open()) for _ in range(2)]
    store = stores[0]
    store.collections.create("c", "1")
    threads = [threading.Thread(target=enrol, args=(one, "c", a_face(1))) for one in stores for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.collections.get("c").face_count == 1


def test_a_face_enrolled_by_another_process_is_found(place: Place) -> None:
    here, there = store_in(place.open()), store_in(place.open())
    here.collections.create("c", "1")
    face, gone = a_face(1), a_face(2, left=0.5)
    assert (
        here.gallery.search(here.collections.get("c"), face.vector, limit=5, radius=9) == []
    )  # the index is loaded, and empty
    stored, other = enrol(there, "c", face, gone)
    there.gallery.delete(there.collections.get("c"), [other.face_id])
    assert [
        match.face
        for match in here.gallery.search(here.collections.get("c"), face.vector, limit=5, radius=99)
    ] == [stored]


def test_a_collection_made_anew_under_an_old_name_is_empty(store: Stores) -> None:
    store.collections.create("c", "1", {"k": "v"})
    before = store.collections.get("c")
    enrol(store, "c", a_face(1))
    store.collections.delete(store.collections.get("c"))
    store.collections.create("c", "1")
    assert store.collections.tags(store.collections.get("c")) == {}
    assert store.gallery.search(store.collections.get("c"), a_face(1).vector, limit=5, radius=99) == []
    with pytest.raises(ResourceNotFoundException):  # a request that was under way when it was deleted
        store.gallery.add(before, [a_face(1)], image_digest="d", external_image_id="")


def test_a_purpose_that_changed_since_admission_refuses_every_write(store: Stores) -> None:
    admitted = store.collections.create("c", "1")
    store.collections.tag(admitted, {"colour": "red"})
    store.collections.tag(admitted, {TAG: "law-enforcement"})
    for change in (
        lambda: store.collections.tag(admitted, {TAG: "general"}),
        lambda: store.collections.untag(admitted, [TAG]),
        lambda: store.collections.delete(admitted),
        lambda: store.gallery.add(admitted, [], image_digest="d", external_image_id=""),
    ):
        with pytest.raises(ThrottlingException):
            change()
    current = store.collections.get("c")
    assert current.purpose == "law-enforcement"
    assert store.collections.tags(current) == {"colour": "red", TAG: "law-enforcement"}
    store.collections.untag(current, [TAG])


def test_an_existing_collection_is_refused_in_aws_words(store: Stores) -> None:
    store.collections.create("c", "1")
    with pytest.raises(ResourceAlreadyExistsException, match="^The collection id: c already exists$"):
        store.collections.create("c", "1")


def test_a_missing_collection_is_refused_in_aws_words(store: Stores) -> None:
    gone = store.collections.create("c", "1")
    store.collections.delete(gone)
    for call in (
        lambda: store.collections.get("c"),
        lambda: store.collections.delete(gone),
        lambda: store.collections.tag(gone, {"a": "b"}),
    ):
        with pytest.raises(ResourceNotFoundException, match="^The collection id: c does not exist$"):
            call()


def test_a_full_collection_takes_no_more_and_keeps_what_it_has(place: Place) -> None:
    store = store_in(place.open(), max_faces=2)
    store.collections.create("c", "1")
    with pytest.raises(ServiceQuotaExceededException):
        enrol(store, "c", a_face(1), a_face(2, left=0.4), a_face(3, left=0.7))
    assert store.collections.get("c").face_count == 0
    enrol(store, "c", a_face(1), a_face(2, left=0.4))
    assert store.collections.get("c").face_count == 2


def test_an_erased_vector_is_nowhere_in_sqlites_files(tmp_path: Path) -> None:
    store = store_in(Database.open(tmp_path))
    store.collections.create("c", "1")
    face = a_face(1)
    vector = face.vector.astype("<f2").tobytes()
    [stored] = enrol(store, "c", face)

    def written() -> bool:
        return any(vector in file.read_bytes() for file in tmp_path.iterdir())

    assert written()
    store.gallery.delete(store.collections.get("c"), [stored.face_id])
    assert not written()
    enrol(store, "c", face)
    store.collections.delete(store.collections.get("c"))
    assert not written()


def test_a_collection_deleted_by_another_process_leaves_memory(place: Place) -> None:
    here, there = store_in(place.open()), store_in(place.open())
    for name in ("old", "new"):
        here.collections.create(name, "1")
        enrol(here, name, a_face(1))
        here.gallery.search(here.collections.get(name), a_face(1).vector, limit=1, radius=9)
    here.indexes.keep_level()
    there.collections.delete(there.collections.get("old"))
    wait_until(lambda: here.indexes.loaded == 1)
    here.indexes.close()


def test_pages_of_faces_hold_each_face_once(store: Stores) -> None:
    store.collections.create("c", "1")
    for n in range(7):
        enrol(store, "c", a_face(n), digest=str(n))
    seen, after = [], 0
    while page := store.gallery.page(store.collections.get("c"), after=after, limit=3):
        seen += [face.face_id for face in page]
        after = page[-1].row
    assert len(seen) == len(set(seen)) == 7


def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(place: Place, store: Stores) -> None:
    store.collections.create("c", "1")
    with place.open().read() as reader:
        seen = [find_collection(reader, "c")]
        enrol(store, "c", a_face(1))
        seen.append(find_collection(reader, "c"))
    assert [collection.face_count for collection in seen] == [0, 0]
    assert store.collections.get("c").face_count == 1


def test_every_enrolment_of_many_at_once_is_counted_and_found(place: Place) -> None:
    stores = [store_in(place.open()) for _ in range(2)]
    stores[0].collections.create("c", "1")

    def enrol_some(store: Stores, first: int) -> None:
        for n in range(first, first + 10):
            enrol(store, "c", a_face(n), digest=str(n))
            probe = a_face(n).vector
            assert store.gallery.search(store.collections.get("c"), probe, limit=1, radius=0.1)

    with ThreadPoolExecutor(6) as executor:
        for done in [executor.submit(enrol_some, stores[n % 2], 10 * n) for n in range(6)]:
            done.result()
    for store in stores:
        collection = store.collections.get("c")
        assert collection.face_count == 60
        assert len(store.gallery.search(collection, a_face(0).vector, limit=100, radius=99)) == 60


def test_a_collection_made_by_many_at_once_is_made_once(place: Place) -> None:
    stores = [store_in(place.open()) for _ in range(2)]

    def create(n: int) -> bool:
        try:
            stores[n % 2].collections.create("c", "1", {"by": str(n)})
        except ResourceAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(6) as executor:
        assert sum(executor.map(create, range(6))) == 1
    assert len(stores[0].collections.tags(stores[0].collections.get("c"))) == 1


def test_enrolment_and_deletion_at_once_leave_no_face_without_a_collection(place: Place) -> None:
    here, there = store_in(place.open()), store_in(place.open())

    def enrol_until_it_is_gone() -> None:
        for n in range(1000):
            try:
                enrol(there, "c", a_face(n), digest=str(n))
            except ResourceNotFoundException:
                return

    for _ in range(3):
        here.collections.create("c", "1")
        thread = threading.Thread(target=enrol_until_it_is_gone)
        thread.start()
        while not here.collections.get("c").face_count:
            pass
        here.collections.delete(here.collections.get("c"))
        thread.join()
    with place.open().read() as connection:
        assert connection.exec_driver_sql("select count(*) from faces").scalar() == 0


_ENROL_FOR_EVER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from tests.contracts.test_store import store_in, a_face, enrol, Database
store = store_in(Database.open(Path(sys.argv[1]), sys.argv[2] or None))
for n in range(100_000):
    [face] = enrol(store, "c", a_face(n), digest=str(n))
    print(face.face_id, flush=True)
"""


@pytest.fixture
def killed(place: Place, store: Stores) -> list[str]:
    """The faces that a process had acknowledged when it was killed while it enrolled."""
    store.collections.create("c", "1")
    process = subprocess.Popen(
        [sys.executable, "-c", _ENROL_FOR_EVER, str(place.folder), place.url or "", str(ROOT)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    return acknowledged


def test_every_acknowledged_face_survives_a_kill(place: Place, killed: list[str]) -> None:
    store = store_in(place.open())
    for number, face_id in enumerate(killed):
        [match] = store.gallery.search(store.collections.get("c"), a_face(number).vector, limit=1, radius=0.1)
        assert match.face.face_id == face_id
    assert store.collections.get("c").face_count in (len(killed), len(killed) + 1)
