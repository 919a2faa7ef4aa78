"""What is kept of an index on disk: found again, never trusted blindly, never in two hands."""

from __future__ import annotations

import errno
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.snapshot import Identity, SnapshotFolder
from regard.collections.workers import Workers
from tests.collections.gallery_data import people

SIZES = Sizes(tail=64, segment=1024)
WHICH = Identity("one life", 7, "faces", "2.0", 32)
VECTORS = people(1000, 32)
SEGMENTS = 2  # what two threads make of a thousand


@pytest.fixture(scope="module")
def workers() -> Workers:
    return Workers(2)


def index_in(folder: Path, workers: Workers, identity: Identity = WHICH) -> FastScanIndex:
    store = SnapshotFolder(folder, identity)
    kept = store.load(workers)
    return FastScanIndex(
        32,
        workers,
        sizes=SIZES,
        store=store,
        segments=kept.segments if kept else (),
        newest=kept.newest if kept else 0,
    )


def closed(index: FastScanIndex) -> None:
    """As Following closes it."""
    index.close()
    index._store.close()


@pytest.fixture
def kept(tmp_path: Path, workers: Workers) -> Path:
    """A folder that keeps 1,000 vectors."""
    index = index_in(tmp_path / "index", workers)
    index.add(np.arange(1, 1001), VECTORS)
    closed(index)
    return tmp_path / "index"


def test_a_restart_finds_what_was_sealed(kept: Path, workers: Workers) -> None:
    store = SnapshotFolder(kept, WHICH)
    found = store.load(workers)
    assert found is not None
    assert (found.newest, sum(segment.living for segment in found.segments)) == (1000, 1000)
    index = index_in(kept, workers)
    store.close()
    assert index.search(VECTORS[400].astype(np.float32), limit=1).rows.tolist() == [401]


def test_an_erasure_is_in_the_files_at_once(kept: Path, workers: Workers) -> None:
    index = index_in(kept, workers)
    vector = VECTORS[400].tobytes()

    def written() -> bool:
        return any(vector in file.read_bytes() for file in kept.glob("*.segment"))

    assert written()
    index.remove(np.array([401]))
    assert not written()
    closed(index)
    again = index_in(kept, workers)
    assert len(again) == 999
    closed(again)


def test_the_process_without_the_lock_changes_nothing_on_disk(kept: Path, workers: Workers) -> None:
    owner, other = index_in(kept, workers), index_in(kept, workers)
    before = {file.name: file.read_bytes() for file in kept.iterdir()}
    other.remove(np.arange(1, 901))
    other.add(np.arange(2001, 2201), people(200, 32, seed=2))
    other.settle()
    assert len(other) == 300
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == before
    assert len(owner) == 1000
    closed(owner)
    closed(other)


def test_a_process_that_has_no_lock_takes_none_when_it_ends(kept: Path, workers: Workers) -> None:
    owner, other = index_in(kept, workers), index_in(kept, workers)
    store = owner._store
    owner.close()
    store.close()
    shutil.rmtree(kept)  # the collection is deleted
    other.close()
    assert not kept.exists()


def test_what_a_crash_left_is_removed_when_the_folder_is_opened(kept: Path, workers: Workers) -> None:
    stray = kept / "0123.segment"
    stray.write_bytes(b"somebody's face, erased since")
    store = SnapshotFolder(kept, WHICH)
    assert store.load(workers) is not None
    assert not stray.exists()
    store.close()


def test_many_threads_that_save_take_the_lock_once(tmp_path: Path, workers: Workers) -> None:
    store = SnapshotFolder(tmp_path / "index", WHICH)
    with ThreadPoolExecutor(8) as executor:
        assert all(executor.map(lambda _: store.own(), range(100)))
    store.close()
    other = SnapshotFolder(tmp_path / "index", WHICH)
    assert other.own()
    other.close()


def test_a_merge_that_can_not_be_kept_is_not_made(
    kept: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.collections import snapshot

    index = index_in(kept, workers)

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_to_disk", full)
        index.remove(np.arange(1, 501))
        index.settle()
        index.remove(np.array([700]))
    assert len(index) == 499
    assert not any(VECTORS[699].tobytes() in file.read_bytes() for file in kept.glob("*.segment"))
    index.close()


@pytest.mark.parametrize(
    "identity",
    [
        Identity("another life", 7, "faces", "2.0", 32),
        Identity("one life", 7, "users", "2.0", 32),
        Identity("one life", 7, "faces", "3.0", 32),
    ],
)
def test_a_snapshot_of_other_vectors_is_not_taken(kept: Path, workers: Workers, identity: Identity) -> None:
    assert SnapshotFolder(kept, identity).load(workers) is None


def damaged_vector(folder: Path) -> None:
    file = next(folder.glob("*.segment"))
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


def cut_segment(folder: Path) -> None:
    file = next(folder.glob("*.segment"))
    file.write_bytes(file.read_bytes()[:-100])


def missing_segment(folder: Path) -> None:
    next(folder.glob("*.segment")).unlink()


def empty_segment(folder: Path) -> None:
    next(folder.glob("*.segment")).write_bytes(b"")


def garbled_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{]")


def strange_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"identity": 3}')


def test_any_changed_byte_of_the_manifest_is_noticed(kept: Path, workers: Workers) -> None:
    manifest = kept / "manifest.json"
    content = manifest.read_bytes()
    for place in range(0, len(content), 3):
        for flipped in (0x01, 0x08):
            changed = bytearray(content)
            changed[place] ^= flipped
            manifest.write_bytes(changed)
            store = SnapshotFolder(kept, WHICH)
            found = store.load(workers)
            store.close()
            # White space says nothing: what it says must be what was said.
            assert found is None or (found.newest, found.removal, len(found.segments)) == (1000, 0, SEGMENTS)
            assert found is None or chr(content[place]).isspace()


def unreadable_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        unreadable_manifest,
        damaged_vector,
        cut_segment,
        missing_segment,
        empty_segment,
        garbled_manifest,
        strange_manifest,
    ],
)
def test_what_is_damaged_is_not_used(kept: Path, workers: Workers, damage) -> None:
    damage(kept)
    store = SnapshotFolder(kept, WHICH)
    assert store.load(workers) is None
    store.clear()
    assert not list(kept.glob("*.segment"))
    store.close()


def test_files_that_no_manifest_names_are_removed(kept: Path, workers: Workers) -> None:
    stray = kept / "stray.segment"
    stray.write_bytes(b"half of it")
    index = index_in(kept, workers)
    index.publish()
    assert not stray.exists()
    index.close()


def test_a_full_disk_leaves_the_index_in_memory_and_what_was_kept_as_it_was(
    kept: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.collections import snapshot

    index = index_in(kept, workers)
    before = {file.name: file.read_bytes() for file in kept.iterdir()}

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_to_disk", full)
        index.add(np.arange(1001, 1201), people(200, 32, seed=2))
    assert len(index) == 1200
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == before
    closed(index)  # there is room again
    again = index_in(kept, workers)
    assert len(again) == 1200
    closed(again)


def test_nobody_else_can_read_the_files(kept: Path) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in kept.glob("*.segment"))
