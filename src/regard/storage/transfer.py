"""What one database keeps into another, of whatever kind the two are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select

from regard.storage.database import Database
from regard.storage.schema import APPEND_ONLY, MOMENTARY, metadata

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done, and how much there is."""

_CHUNK = 2000  # rows held in memory


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has that is copied."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _copied()
    }


def copy_into(source: Connection, target: Database, progress: Progress) -> None:
    """Replaces everything in `target`, which nobody else uses, a few thousand rows at a time."""
    with target.write() as connection:
        _empty(connection)

    def write(table: Table, rows: list[Any]) -> None:
        with target.write() as connection:
            _insert(connection, table, rows)

    _copy(source, write, progress)
    with target.write() as connection:
        set_counters(connection, counters(source))


def copy_at_once(source: Connection, target: Connection, progress: Progress) -> None:
    """Replaces everything in `target`, in its transaction."""
    _empty(target)
    _copy(source, lambda table, rows: _insert(target, table, rows), progress)
    set_counters(target, counters(source))


def counters(connection: Connection) -> dict[str, int]:
    """The last row number that each table with growing numbers has given away, 0 for none."""
    found = dict.fromkeys(_growing(), 0)
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
        return found | {name: last for name, last in rows if name in found}
    for name, column in _growing().items():
        sequence = _sequence(connection, name, column)
        last, used = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608
        found[name] = last if used else 0
    return found


def set_counters(connection: Connection, last: dict[str, int]) -> None:
    """Row numbers go on after these."""
    for name, column in _growing().items():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, last[name]))
        else:
            sequence = func.pg_get_serial_sequence(f'"{name}"', column)
            connection.execute(select(func.setval(sequence, max(last[name], 1), last[name] > 0)))


def _copied() -> list[Table]:
    return [table for table in metadata.sorted_tables if table not in MOMENTARY]


def _growing() -> dict[str, str]:
    """The tables whose row numbers are never given twice, and the columns of these."""
    return {
        table.name: table.autoincrement_column.name
        for table in metadata.sorted_tables
        if table.autoincrement_column is not None
    }


def _sequence(connection: Connection, name: str, column: str) -> str:
    return str(connection.execute(select(func.pg_get_serial_sequence(f'"{name}"', column))).scalar_one())


def _empty(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    else:
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        _let_change(connection, "DISABLE")
        connection.exec_driver_sql(f"TRUNCATE {names}")
        _let_change(connection, "ENABLE")


def _let_change(connection: Connection, how: str) -> None:
    """Switches the triggers that keep rows as they are, which is the right of the tables' owner."""
    for table in APPEND_ONLY:
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" {how} TRIGGER USER')


def _copy(source: Connection, write: Callable[[Table, list[Any]], None], progress: Progress) -> None:
    total = sum(row_counts(source).values())
    done = 0
    streaming = source.execution_options(yield_per=_CHUNK)
    for table in _copied():
        for rows in streaming.execute(select(table).order_by(*table.primary_key)).partitions():
            write(table, list(rows))
            done += len(rows)
            progress("Copying rows", done, total)


def _insert(connection: Connection, table: Table, rows: list[Any]) -> None:
    """Past SQLAlchemy's own way of many rows, which takes longer for a row than the database does."""
    names = [column.name for column in table.c]
    statement = insert(table).values({name: bindparam(name) for name in names})
    compiled = statement.compile(dialect=connection.dialect)
    if compiled.positional:
        values: list[Any] = [tuple(row) for row in rows]
    else:
        values = [dict(zip(names, row, strict=True)) for row in rows]
    connection.exec_driver_sql(str(compiled), values)
