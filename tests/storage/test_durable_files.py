"""Files that have to outlast a loss of power: whole before they have their names, which are on disk too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.governance.keys import KeyStore
from regard.governance.proof.signing_key import signing_key
from regard.migration.lines import append_entries
from regard.migration.mirror.spool import MirroredChange, MirrorSpool
from regard.storage import durable_files
from regard.storage.database import Database
from regard.storage.durable_files import write_new
from regard.storage.encryption import Cipher
from regard.storage.erasure_journal import Erasable, Erased, ErasureJournal


def change() -> MirroredChange:
    return MirroredChange("DeleteFaces", "r", "{}", "{}")


WRITERS: dict[str, Callable[[Path], object]] = {
    "a new file": lambda folder: write_new(folder / "new", b"x"),
    "the key of the database": lambda folder: Cipher(folder).encrypt(b"x", "y"),
    "the key of the seals": signing_key,
    "the journal of erasures": lambda folder: ErasureJournal(folder).note(
        [Erased(kind=Erasable.USER, name="ann")]
    ),
    "a change to be mirrored": lambda folder: MirrorSpool(folder).put(change()),
    "a journal of a migration": lambda folder: append_entries(folder / "lines", [{}]),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_new_file_s_name_is_on_disk_after_its_content(
    writer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(durable_files.os, "fsync", fsync)
    WRITERS[writer](tmp_path)
    [file] = tmp_path.iterdir()
    assert synced[-2:] == [file.stat().st_ino, tmp_path.stat().st_ino]


def test_the_first_key_s_secret_is_on_disk_where_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(tmp_path / "data")
    (handed_out := tmp_path / "handed out").mkdir()
    synced: list[int] = []
    monkeypatch.setattr(durable_files.os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    KeyStore(database).ensure_admin(handed_out / "credentials")
    database.close()
    assert synced == [(handed_out / "credentials").stat().st_ino, handed_out.stat().st_ino]


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    assert write_new(tmp_path / "key", b"first")
    assert not write_new(tmp_path / "key", b"second")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("key", b"first")]
