"""What is kept of an index on disk: found again, never trusted blindly, never in two hands."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.snapshot import Identity, SnapshotFolder
from regard.collections.workers import Workers
from tests.collections.gallery_data import people

SIZES = Sizes(tail=64, segment=1024)
WHICH = Identity("one life", 7, "faces", 32)
VECTORS = people(1000, 32)


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


@pytest.fixture
def kept(tmp_path: Path, workers: Workers) -> Path:
    """A folder that keeps 1,000 vectors."""
    index = index_in(tmp_path / "index", workers)
    index.add(np.arange(1, 1001), VECTORS)
    index.close()
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
    index.close()
    again = index_in(kept, workers)
    assert len(again) == 999
    again.close()


def test_the_process_without_the_lock_changes_nothing_on_disk(kept: Path, workers: Workers) -> None:
    owner, other = index_in(kept, workers), index_in(kept, workers)
    before = {file.name: file.read_bytes() for file in kept.iterdir()}
    other.remove(np.arange(1, 901))
    other.add(np.arange(2001, 2201), people(200, 32, seed=2))
    other.settle()
    assert len(other) == 300
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == before
    assert len(owner) == 1000
    owner.close()
    other.close()


def test_the_lock_passes_on_with_all_that_its_new_holder_knows(kept: Path, workers: Workers) -> None:
    owner, other = index_in(kept, workers), index_in(kept, workers)
    other.remove(np.array([1]))
    owner.close()
    other.publish()
    other.close()
    assert len(index_in(kept, workers)) == 999


@pytest.mark.parametrize(
    "identity", [Identity("another life", 7, "faces", 32), Identity("one life", 7, "users", 32)]
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


@pytest.mark.parametrize(
    "damage",
    [damaged_vector, cut_segment, missing_segment, empty_segment, garbled_manifest, strange_manifest],
)
def test_what_is_damaged_is_not_used(kept: Path, workers: Workers, damage) -> None:
    damage(kept)
    store = SnapshotFolder(kept, WHICH)
    assert store.load(workers) is None
    store.clear()
    store.close()
    assert not list(kept.glob("*.segment"))


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

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_to_disk", full)
        index.add(np.arange(1001, 1201), people(200, 32, seed=2))
    assert len(index) == 1200
    assert len(list(kept.glob("*.segment"))) == 1
    index.close()  # there is room again
    again = index_in(kept, workers)
    assert len(again) == 1200
    again.close()


def test_nobody_else_can_read_the_files(kept: Path) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in kept.glob("*.segment"))
