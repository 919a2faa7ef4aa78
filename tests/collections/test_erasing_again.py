"""What was erased after a backup is erased again in what is restored, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from regard.collections.erasing_again import erase_again
from regard.storage.backup import back_up, restore
from regard.storage.database import Database
from regard.storage.erasure_journal import FILE, read_erasures
from tests.collections.made_models import models_of
from tests.collections.test_user_vector import DIMENSION, VECTORS
from tests.collections.user_stores import Stores, named

MODELS = models_of(DIMENSION, VECTORS)


def quiet(_step: str, _done: int, _total: int) -> None: ...


def once(operation: str) -> object:
    return named(operation, None, {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two people in `c`, the first a user with three faces; nobody in `d`."""
    store = Stores(Database.open(tmp_path / "data"))
    store.collections.create("c", "1")
    store.collections.create("d", "1")
    store.users.create(store.collection, "ann", once("create_user"))
    store.users.associate(store.collection, "ann", store.enrol(0, 3), once("associate_faces"), threshold=50)
    store.enrol(1, 2)
    back_up(store.database, tmp_path / "b", replace=False, progress=quiet)
    store.database.close()
    return tmp_path / "data"


@pytest.fixture
def now(folder: Path) -> Stores:
    """The installation after the backup."""
    return Stores(Database.open(folder))


def restored(now: Stores, folder: Path) -> tuple[Stores, Counter[str]]:
    """What `regard restore` makes of it, and what was erased again."""
    now.database.close()
    found: Counter[str] = Counter()

    def finish(database: Database) -> None:
        found.update(erase_again(database, MODELS, read_erasures(folder / FILE)))

    restore(folder.parent / "b", folder, None, replace=True, finish=finish, progress=quiet)
    return Stores(Database.open(folder)), +found


def faces(store: Stores) -> list[str]:
    return [face.face_id for face in store.gallery.page(store.collection, after=0, limit=100)]


def test_without_an_erasure_everything_is_there_again(now: Stores, folder: Path) -> None:
    store, erased = restored(now, folder)
    assert (len(faces(store)), store.collection.face_count, erased) == (5, 5, {})


def test_a_face_that_was_erased_since_does_not_live_again(now: Stores, folder: Path) -> None:
    gone = faces(now)[-1]
    now.gallery.delete(now.collection, [gone])
    store, erased = restored(now, folder)
    assert gone not in faces(store)
    assert (len(faces(store)), store.collection.face_count, erased) == (4, 4, {"faces": 1})


def test_the_user_who_had_it_at_the_backup_has_a_vector_without_it(now: Stores, folder: Path) -> None:
    own = faces(now)[:3]
    now.users.disassociate(now.collection, "ann", own[:1], once("disassociate_faces"))
    now.gallery.delete(now.collection, own[:1])
    expected = now.users.vector(now.collection, "ann")
    store, erased = restored(now, folder)
    again = store.users.vector(store.collection, "ann")
    assert erased == {"faces": 1}
    assert again is not None
    assert expected is not None
    assert again.tolist() == expected.tolist()


def test_a_user_and_a_collection_that_were_erased_since_are_gone(now: Stores, folder: Path) -> None:
    now.users.delete(now.collection, "ann", once("delete_user"))
    now.collections.delete(now.collections.get("d"))
    store, erased = restored(now, folder)
    assert erased == {"users": 1, "collections": 1}
    assert store.users.page(store.collection, after=0, limit=10) == []
    assert store.collection.user_count == 0
    assert [one.collection_id for one in store.collections.page(after=0, limit=10)] == ["c"]
    assert len(faces(store)) == 5  # which belong to nobody now


def test_what_was_made_again_under_the_same_name_before_a_backup_stays(now: Stores, folder: Path) -> None:
    now.collections.delete(now.collections.get("d"))
    now.collections.create("d", "1")
    now.users.delete(now.collection, "ann", once("delete_user"))
    now.users.create(now.collection, "ann", once("create_user"))
    back_up(now.database, folder.parent / "b", replace=True, progress=quiet)
    store, erased = restored(now, folder)
    assert erased == {}
    assert len(store.collections.page(after=0, limit=10)) == 2
    assert len(store.users.page(store.collection, after=0, limit=10)) == 1


def test_a_user_with_all_faces_erased_has_none_left(now: Stores, folder: Path) -> None:
    own = faces(now)[:3]
    now.users.disassociate(now.collection, "ann", own, once("disassociate_faces"))
    now.gallery.delete(now.collection, own)
    store, erased = restored(now, folder)
    assert erased == {"faces": 3}
    [user] = store.users.page(store.collection, after=0, limit=10)
    assert user.status == "CREATED"
    assert store.users.vector(store.collection, "ann") is None
