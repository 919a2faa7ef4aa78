"""What somebody can do who owns the disk: they drop what refuses changes, and change."""

from __future__ import annotations

from sqlalchemy import Connection, select, text, update

from regard.governance.chain import EMPTY, LogHead, link
from regard.storage.database import Database
from regard.storage.schema import APPEND_ONLY, audit


def tamper(database: Database, *statements: str) -> None:
    """Runs statements on tables that refuse to be changed."""
    with database.write() as connection:
        drop_triggers(connection)
        for statement in statements:
            connection.execute(text(statement))


def drop_triggers(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        for name in found.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for table in APPEND_ONLY:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table.name}_refuses_changes ON {table.name}")


def rechain(database: Database) -> None:
    """Gives every record the hash that fits it, as if it had always been so."""
    head = EMPTY
    with database.write() as connection:
        drop_triggers(connection)
        for sequence, record in connection.execute(
            select(audit.c.sequence, audit.c.record).order_by(audit.c.sequence)
        ).all():
            head = LogHead(sequence, link(head.hash, record))
            connection.execute(update(audit).where(audit.c.sequence == sequence).values(hash=head.hash))
