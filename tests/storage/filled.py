"""Rows in every table of a database, at whatever schema it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, insert, select

ROWS = 3
"""How many `fill` puts into each table, numbered from 1."""

Rows = dict[str, list[dict[str, Any]]]


def tables_of(connection: Connection) -> dict[str, Table]:
    """The tables that there are, by name, but for Alembic's own; those that others refer to come first."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != "alembic_version"}


def example(column: Column[Any], n: int) -> Any:
    """A value that the column takes, and that differs for each n."""
    kind = column.type.python_type
    return bytes([n]) if kind is bytes else kind(n)


def fill(connection: Connection) -> None:
    """Row n of a table refers to row n of others, and has n in every column."""
    for table in tables_of(connection).values():
        for n in range(1, ROWS + 1):
            values = {column.name: example(column, n) for column in table.columns}
            connection.execute(insert(table).values(values))


def rows_of(connection: Connection) -> Rows:
    """Every row of every table."""
    return {
        name: [
            dict(row)
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for name, table in tables_of(connection).items()
    }
