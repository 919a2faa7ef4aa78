"""What was erased is noted beside the database, and read again whatever became of the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import InternalServerError, RegardError
from regard.storage.erasure_journal import FILE, Erasable, Erased, ErasureJournal, read_erasures

FACE = Erased(kind=Erasable.FACE, name="f")
USER = Erased(kind=Erasable.USER, name="Zoë\n", collection="c", created=7)


def test_what_is_noted_is_read_in_its_order(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path)
    journal.note([FACE, USER])
    journal.note([])
    journal.note([FACE])
    assert list(read_erasures(tmp_path / FILE)) == [FACE, USER, FACE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_crash_has_cut_was_no_erasure(tmp_path: Path) -> None:
    ErasureJournal(tmp_path).note([FACE, USER])
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:-3])
    assert list(read_erasures(tmp_path / FILE)) == [FACE]


def test_what_is_noted_after_such_a_line_is_not_lost(tmp_path: Path) -> None:
    journal = ErasureJournal(tmp_path)
    journal.note([FACE])
    with (tmp_path / FILE).open("ab") as out:
        out.write(b'{"kind": "fa')
    journal.note([USER])
    assert list(read_erasures(tmp_path / FILE)) == [FACE, USER]


def test_where_nothing_was_erased_there_is_nothing(tmp_path: Path) -> None:
    assert list(read_erasures(tmp_path / FILE)) == []


def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path) -> None:
    ErasureJournal(tmp_path).note([FACE, USER])
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text().replace('"user"', '"film"'))
    with pytest.raises(RegardError, match="damaged in line 2"):
        list(read_erasures(tmp_path / FILE))


def test_an_erasure_that_can_not_be_noted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InternalServerError, match="can't be written"):
        ErasureJournal(tmp_path / "gone").note([FACE])
