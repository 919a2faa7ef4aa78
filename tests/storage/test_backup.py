"""A backup holds everything of one moment, and brings it back or changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from tests import crashing

from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.governance.keys import KeyStore
from regard.governance.reviews import ModerationReview, ModerationReviews
from regard.storage import backup, transfer
from regard.storage.database import Database
from regard.storage.folder import in_use
from regard.storage.schema import MOMENTARY, facts, metadata


def quiet(_step: str, _done: int, _total: int) -> None: ...


def nothing_more(_database: Database) -> None: ...


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for what a restored database has of its own, and what no copy has."""
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
            if table is not facts and table not in MOMENTARY
        }


def everything_in(folder: Path, url: str) -> dict[str, list[tuple[object, ...]]]:
    database = Database.open(folder, url)
    try:
        return everything(database)
    finally:
        database.close()


def incarnation(database: Database) -> str:
    with database.read() as connection:
        return str(connection.execute(select(facts.c.value)).scalar_one())


def erase_last(folder: Path) -> None:
    """Makes the newest row number one that no row has."""
    database, collections, gallery = crashing.stores(folder)
    [last] = gallery.page(collections.get("c"), after=0, limit=1000)[-1:]
    gallery.delete(collections.get("c"), [last.face_id])
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database with something in every kind of table."""
    folder = tmp_path / "data"
    database, collections, gallery = crashing.stores(folder)
    KeyStore(database).create("ann", "admin")
    AuditLog(database).append_command("test", "ann")
    collections.create("c", "1", {"regard:purpose": "general"})
    collections.create("empty", "1")
    for image in range(5):
        gallery.add(
            collections.get("c"), crashing.faces_of(image), image_digest=str(image), external_image_id="é"
        )
    with database.write() as connection:
        connection.execute(
            insert(metadata.tables["users"]).values(collection=1, user_id="u", status="CREATED", created=1)
        )
        connection.execute(
            insert(metadata.tables["celebrities"]).values(
                celebrity_id="abcdefgh", name="é", urls="[]", known_gender="Unlisted", created=1
            )
        )
    ModerationReviews(database).open(
        ModerationReview("loop", "arn:flow", "0" * 64, ["é"], [{"Confidence": 0.1}], [], "request")
    )
    database.close()
    erase_last(folder)
    return folder


@pytest.fixture
def taken(folder: Path, tmp_path: Path) -> Path:
    """A backup of the folder."""
    file = tmp_path / "taken.bak"
    database = Database.open(folder)
    backup.back_up(database, file, replace=False, progress=quiet)
    database.close()
    return file


def restore(file: Path, folder: Path, *, replace: bool = False) -> backup.Contents:
    return backup.restore(file, folder, None, replace=replace, finish=nothing_more, progress=quiet)


def test_a_restored_database_holds_the_same_and_is_another(folder: Path, taken: Path, tmp_path: Path) -> None:
    contents = restore(taken, tmp_path / "new")
    before, after = Database.open(folder), Database.open(tmp_path / "new")
    assert everything(after) == everything(before)
    assert contents.rows["faces"] == 14
    assert incarnation(after) != incarnation(before)
    AuditLog(after).verify()
    assert stat.S_IMODE((tmp_path / "new" / "regard.db").stat().st_mode) == 0o600


def test_row_numbers_go_on_after_those_that_were_given(folder: Path, taken: Path, tmp_path: Path) -> None:
    restore(taken, tmp_path / "new")
    numbers = []
    for place in (folder, tmp_path / "new"):
        _, collections, gallery = crashing.stores(place)
        [*_, last] = gallery.add(
            collections.get("c"), crashing.faces_of(9), image_digest="9", external_image_id=""
        )
        numbers.append(last.row)
    assert numbers == [18, 18]  # fifteen were given, though one of them was erased


def test_a_backup_is_one_file_that_only_its_owner_can_read(taken: Path) -> None:
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    assert [path.name for path in taken.parent.iterdir() if "taken" in path.name] == ["taken.bak"]
    with sqlite3.connect(f"file:{taken}?mode=ro", uri=True) as raw:
        assert raw.execute("select count(*) from faces").fetchone() == (14,)
    raw.close()


def test_a_backup_taken_while_faces_are_enrolled_is_of_one_moment(folder: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def enrol() -> None:
        _, collections, gallery = crashing.stores(folder)
        image = 100
        while not stop.is_set():
            image += 1
            gallery.add(
                collections.get("c"), crashing.faces_of(image), image_digest=str(image), external_image_id=""
            )

    writer = threading.Thread(target=enrol)
    writer.start()
    try:
        database = Database.open(folder)
        for number in range(5):
            file = tmp_path / f"{number}.bak"
            contents = backup.back_up(database, file, replace=False, progress=quiet)
            restore(file, tmp_path / str(number))
            _, collections, gallery = crashing.stores(tmp_path / str(number))
            found = collections.get("c")
            faces = gallery.page(found, after=0, limit=10_000)
            assert len(faces) == found.face_count == contents.rows["faces"]
            assert len(faces) % crashing.FACES == 14 % crashing.FACES  # no image is there in part
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_there_is_kept_unless_it_is_to_be_replaced(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine")
    database = Database.open(folder)
    with pytest.raises(RegardError, match="is there already"):
        backup.back_up(database, file, replace=False, progress=quiet)
    assert file.read_text() == "mine"
    backup.back_up(database, file, replace=True, progress=quiet)
    restore(file, tmp_path / "new")


@pytest.mark.parametrize("place", [200, 5000, -1])
def test_a_backup_with_one_wrong_bit_is_refused_and_changes_nothing(
    folder: Path, taken: Path, place: int
) -> None:
    content = bytearray(taken.read_bytes())
    content[place] ^= 1
    taken.write_bytes(content)
    before = everything(Database.open(folder))
    with pytest.raises(RegardError, match="damaged"):
        restore(taken, folder, replace=True)
    assert everything(Database.open(folder)) == before
    assert not list(folder.glob(".restoring*"))


def test_a_backup_that_was_cut_off_is_refused(taken: Path, tmp_path: Path) -> None:
    taken.write_bytes(taken.read_bytes()[:-4096])
    with pytest.raises(RegardError, match="damaged"):
        restore(taken, tmp_path / "new")


def test_what_is_no_backup_is_refused(folder: Path, tmp_path: Path) -> None:
    for content in (b"", b"-" * 5000, (folder / "regard.db").read_bytes()):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(RegardError, match="is not a file that `regard backup` wrote"):
            restore(tmp_path / "file", tmp_path / "new")


def reseal(file: Path, *statements: str) -> None:
    """Changes a backup and marks it as whole again, as another version of Regard would have written it."""
    with sqlite3.connect(file) as raw:
        for statement in statements:
            raw.execute(statement)
    raw.close()
    backup._seal(file, {})


def test_a_backup_of_a_newer_regard_is_refused(taken: Path, tmp_path: Path) -> None:
    reseal(taken, "update alembic_version set version_num = 'future'")
    with pytest.raises(RegardError, match="newer version of Regard"):
        restore(taken, tmp_path / "new")


def test_a_backup_of_an_older_schema_is_brought_to_the_newest(taken: Path, tmp_path: Path) -> None:
    first = {"keys", "collections", "faces", "tags", "audit"}
    tables = [table.name for table in reversed(metadata.sorted_tables) if table.name not in first]
    reseal(
        taken,
        "drop index faces_by_user",
        "drop index faces_by_enroller",
        "alter table faces drop column enroller",
        "drop trigger audit_refuses_update",
        "drop trigger audit_refuses_delete",
        *(
            f"alter table collections drop column {column}"
            for column in ("version", "next_model", "user_count", "consent_since", "face_days")
        ),
        *(f"alter table keys drop column {column}" for column in ("person_id", "case_id", "expires")),
        *(f"drop table {table}" for table in tables),
        "create table changes (sequence integer primary key)",
        "update alembic_version set version_num = '0001'",
    )
    restore(taken, tmp_path / "new")
    _, collections, _ = crashing.stores(tmp_path / "new")
    assert collections.get("c").face_count == 14


def test_a_database_that_is_there_is_replaced_only_when_told(folder: Path, taken: Path) -> None:
    database, collections, _ = crashing.stores(folder)
    collections.create("later", "1")
    database.close()
    with pytest.raises(RegardError, match="There is a database in .* already; --force replaces it"):
        restore(taken, folder)
    restore(taken, folder, replace=True)
    _, collections, _ = crashing.stores(folder)
    assert [found.collection_id for found in collections.page(after=0, limit=10)] == ["c", "empty"]


def test_the_log_of_the_old_database_does_not_get_into_the_new_one(folder: Path, taken: Path) -> None:
    _kill_a_writer(folder)
    assert (folder / "regard.db-wal").stat().st_size > 0
    restore(taken, folder, replace=True)
    _, collections, _ = crashing.stores(folder)
    assert [found.collection_id for found in collections.page(after=0, limit=10)] == ["c", "empty"]


def _kill_a_writer(folder: Path) -> None:
    """Leaves a log behind: an erasure empties it, and a kill right after one has to be repeated."""
    with crashing.Workers(folder) as workers:
        for _ in range(20):
            assert workers.run(1, seconds=0.3)
            if (folder / "regard.db-wal").stat().st_size:
                return


def test_a_damaged_database_can_be_replaced(folder: Path, taken: Path) -> None:
    (folder / "regard.db").write_bytes(b"no database" * 1000)
    (folder / "regard.db-wal").write_bytes(b"no log" * 1000)
    restore(taken, folder, replace=True)
    _, collections, _ = crashing.stores(folder)
    assert collections.get("c").face_count == 14


def test_nothing_is_restored_while_the_folder_is_used(folder: Path, taken: Path) -> None:
    with in_use(folder), pytest.raises(RegardError, match="is using .*; stop it first"):
        restore(taken, folder, replace=True)
    database = Database.open(folder)  # as a command that looks at the database alone
    before = everything(database)
    with pytest.raises(RegardError, match="is using .*; stop it first"):
        restore(taken, folder, replace=True)
    assert everything(database) == before


def test_a_restore_that_fails_in_the_end_leaves_the_old_database(folder: Path, taken: Path) -> None:
    before = everything(Database.open(folder))

    def fail(_: Database) -> None:
        raise RegardError("the disk is full")

    with pytest.raises(RegardError, match="the disk is full"):
        backup.restore(taken, folder, None, replace=True, finish=fail, progress=quiet)
    assert everything(Database.open(folder)) == before
    assert not list(folder.glob(".restoring*"))


def test_what_was_kept_beside_the_old_database_goes_with_it(folder: Path, taken: Path) -> None:
    for name in ("index", "enrolments"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("of the database that was")
    restore(taken, folder, replace=True)
    assert not (folder / "index").exists()
    assert not (folder / "enrolments").exists()


def test_what_a_killed_run_left_is_removed_by_the_next(folder: Path, taken: Path, tmp_path: Path) -> None:
    left, elsewhere = tmp_path / ".taken.bak-00000000", folder / ".restoring-00000000"
    for draft in (left, elsewhere):
        draft.mkdir()
        shutil.copy(taken, draft / "regard.db")
    restore(taken, folder, replace=True)
    backup.back_up(Database.open(folder), taken, replace=True, progress=quiet)
    assert not left.exists()
    assert not elsewhere.exists()


def test_a_backup_goes_into_postgresql_and_back(
    folder: Path, taken: Path, tmp_path: Path, postgres_url: str
) -> None:
    def put(*, replace: bool = False) -> None:
        backup.restore(
            taken, tmp_path / "there", postgres_url, replace=replace, finish=nothing_more, progress=quiet
        )

    put()
    before = Database.open(folder)
    there = Database.open(tmp_path / "there", postgres_url)
    assert everything(there) == everything(before)
    assert incarnation(there) != incarnation(before)
    contents = backup.back_up(there, tmp_path / "back.bak", replace=False, progress=quiet)
    assert contents.rows["faces"] == 14
    restore(tmp_path / "back.bak", tmp_path / "back")
    assert everything(Database.open(tmp_path / "back")) == everything(before)
    for place in ((tmp_path / "there", postgres_url), (tmp_path / "back", None)):
        database, collections, gallery = crashing.stores(*place)
        [*_, last] = gallery.add(
            collections.get("c"), crashing.faces_of(9), image_digest="9", external_image_id=""
        )
        assert last.row == 18  # fifteen were given, though one of them was erased
        database.close()
    with pytest.raises(RegardError, match="is using the PostgreSQL database; stop it first"):
        put(replace=True)
    there.close()
    with pytest.raises(RegardError, match="The PostgreSQL database is not empty; --force replaces"):
        put()
    put(replace=True)
    assert everything_in(tmp_path / "there", postgres_url) == everything(before)


def test_a_restore_into_postgresql_that_fails_leaves_what_was_there(
    taken: Path, tmp_path: Path, postgres_url: str
) -> None:
    database, collections, _ = crashing.stores(tmp_path / "there", postgres_url)
    collections.create("mine", "1")
    before = everything(database)
    database.close()

    def fail(_step: str, done: int, total: int) -> None:
        if _step == "Copying rows" and done == total:
            raise RegardError("the network is gone")

    with pytest.raises(RegardError, match="the network is gone"):
        backup.restore(
            taken, tmp_path / "there", postgres_url, replace=True, finish=nothing_more, progress=fail
        )
    assert everything_in(tmp_path / "there", postgres_url) == before


def test_any_database_is_copied_table_by_table(folder: Path, tmp_path: Path) -> None:
    source, target = Database.open(folder), Database.open(tmp_path / "target")
    steps = []
    with source.read() as connection:
        transfer.copy_into(connection, target, lambda *step: steps.append(step))
        given = transfer.counters(connection)
    assert everything(target) == everything(source)
    with target.read() as connection:
        assert transfer.counters(connection) == given
    assert given["faces"] == 15
    total = sum(len(rows) for rows in everything(source).values()) + 1  # the incarnation
    assert steps[-1] == ("Copying rows", total, total)
