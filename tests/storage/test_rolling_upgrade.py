"""While servers are upgraded one after another, older ones go on with the newer schema.

Held twice: no migration does what an older server can't survive, and what the schema before the newest could
write and read is written and read at the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from alembic.operations.base import AbstractOperations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, create_engine, delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from tests.postgres import Place
from tests.storage.filled import example, tables_of
from tests.storage.test_migrations import REVISIONS, at, place

from regard.storage.schema_state import MIGRATIONS

__all__ = ["place"]  # the fixture: SQLite and PostgreSQL, where there is no table yet

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
SINCE = "0029"  # before it there was no server whose upgrade had to be survived
SCRIPTS = {str(one.revision): one for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
HELD = [SCRIPTS[revision] for revision in REVISIONS if revision >= SINCE]


def harm_of(operation: ops.MigrateOperation, made: set[str]) -> str | None:
    """What an older server would not survive of an operation; None for what it doesn't notice. Tables that
    the same migration has `made` are nothing to it.
    """
    table = getattr(operation, "table_name", None)
    match operation:
        case ops.CreateTableOp():
            made.add(operation.table_name)
        case ops.DropTableOp() | ops.RenameTableOp() | ops.DropColumnOp() if table not in made:
            return f"{type(operation).__name__} of {table}"
        case ops.AddColumnOp() if table not in made:
            column = operation.column
            if not column.nullable and column.server_default is None:
                return f"{table}.{column.name} must be given, and older servers don't"
        case ops.AlterColumnOp() if table not in made:
            if operation.modify_name is not None:
                return f"{table}.{operation.column_name} is renamed"
            if operation.modify_nullable is False:
                return f"{table}.{operation.column_name} must be given from now on"
            if operation.modify_type is not None and not is_wider(operation):
                return f"{table}.{operation.column_name} has another type"
        case ops.CreateUniqueConstraintOp() | ops.CreateCheckConstraintOp() | ops.CreateForeignKeyOp():
            source = getattr(operation, "source_table", table)
            if source not in made:
                return f"{type(operation).__name__} on {source}: older servers may break it"
        case ops.CreateIndexOp() if operation.unique and table not in made:
            return f"a unique index on {table}: older servers may break it"
        case ops.ExecuteSQLOp():
            return "SQL that nobody can judge"
        case _:
            pass
    return None


def is_wider(operation: ops.AlterColumnOp) -> bool:
    """Whether a text gets longer, and stays one."""
    before, after = operation.existing_type, operation.modify_type
    if not isinstance(before, sa.String) or not isinstance(after, sa.String):
        return False
    return after.length is None or (before.length is not None and before.length <= after.length)


def harms(run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a migration does that an older server would not survive."""
    found: list[str] = []
    made: set[str] = set()
    invoke = AbstractOperations.invoke

    def recording(self: AbstractOperations, operation: ops.MigrateOperation) -> Any:
        harm = harm_of(operation, made)
        if harm is not None:
            found.append(harm)
        return invoke(self, operation)

    with monkeypatch.context() as patch, Operations.context(MigrationContext.configure(connection)):
        patch.setattr(AbstractOperations, "invoke", recording)
        run()
    return found


@pytest.mark.parametrize("script", HELD, ids=[str(one.revision) for one in HELD])
def test_a_migration_only_adds_unless_it_says_what_it_contracts(
    script: Script, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with at(Place(folder, None), str(script.down_revision)) as connection:
        found = harms(script.module.upgrade, connection, monkeypatch)
    contracts = getattr(script.module, "contracts", "")
    assert contracts or found == [], (
        f"{script.revision} {found}: add now, and take away in a later version, whose migration says in "
        "`contracts` since which version nobody uses what it takes away. See CONTRIBUTING.md."
    )


BAD: list[Any] = [
    lambda: op.drop_table("kept"),
    lambda: op.rename_table("kept", "other"),
    lambda: op.drop_column("kept", "b"),
    lambda: op.add_column("kept", sa.Column("c", sa.Text, nullable=False)),
    lambda: op.create_index("unique_b", "kept", ["b"], unique=True),
    lambda: op.execute("UPDATE kept SET b = ''"),
]
GOOD: list[Any] = [
    lambda: op.add_column("kept", sa.Column("c", sa.Text)),
    lambda: op.add_column("kept", sa.Column("c", sa.Text, nullable=False, server_default="")),
    lambda: op.create_index("by_b", "kept", ["b"]),
    lambda: op.create_table("more", sa.Column("a", sa.Integer, primary_key=True)),
]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        opened.exec_driver_sql("CREATE TABLE kept (a INTEGER PRIMARY KEY, b TEXT)")
        yield opened
    engine.dispose()


@pytest.mark.parametrize("run", BAD)
def test_what_an_older_server_would_not_survive_is_found(
    run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(harms(run, connection, monkeypatch)) == 1


@pytest.mark.parametrize("run", GOOD)
def test_what_an_older_server_does_not_notice_is_let_by(
    run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert harms(run, connection, monkeypatch) == []


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_what_the_schema_before_wrote_and_read_it_writes_and_reads_at_the_newest(place: Place) -> None:
    with at(place, REVISIONS[-2]) as opened:
        older = tables_of(opened)  # with the columns that an older server knows, and no others
    database = place.open()
    with database.write() as opened:
        for table in older.values():
            for n in (1, 2):
                values = {column.name: example(column, n) for column in table.columns}
                opened.execute(insert(table).values(values))
    with database.read() as opened:
        for table in older.values():
            rows = opened.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()
            kept = [{column.name: example(column, n) for column in table.columns} for n in (1, 2)]
            assert all(one in [dict(row) for row in rows] for one in kept), table.name
    refused: list[str] = []
    with database.write() as opened:
        for table in reversed(older.values()):
            try:
                with opened.begin_nested():
                    _change_and_delete(opened, table)
            except DBAPIError as error:
                refused.append(str(error.orig).lower())
    # Some tables are for adding alone, and say so; what their rows refer to stays, too.
    assert all("never changed or removed" in one or "foreign key" in one for one in refused), refused
    assert len(refused) < len(older) / 2


def _change_and_delete(connection: Connection, table: sa.Table) -> None:
    """Changes the first row in all that an older server may change, and deletes the second."""
    [key, *_] = table.primary_key.columns
    others = {
        column.name: example(column, 1)
        for column in table.columns
        if not (column.primary_key or column.foreign_keys or _is_unique(table, column))
    }
    if others:
        connection.execute(update(table).where(key == example(key, 1)).values(others))
    connection.execute(delete(table).where(key == example(key, 2)))


def _is_unique(table: sa.Table, column: sa.Column[Any]) -> bool:
    """Whether an index or a constraint keeps two rows from having one value there."""
    indexes = any(index.unique and column.name in index.columns for index in table.indexes)
    return indexes or any(
        column.name in one.columns for one in table.constraints if isinstance(one, sa.UniqueConstraint)
    )
