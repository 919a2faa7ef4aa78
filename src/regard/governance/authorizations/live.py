"""Live searches end with their authorization: the database itself lets none go on, whatever a worker does."""

from __future__ import annotations

from sqlalchemy import Connection, update

from regard.governance.authorizations.records import Authorization
from regard.governance.authorizations.rows import read_authorizations
from regard.storage.schema import stream_processors


def follow_end(connection: Connection, changed: Authorization, now: int) -> None:
    """Has what runs under an authorization, or under those that it extends, end when it ends by now.

    One that was extended hands over to its successor. A lease is not renewed, and nothing is kept of what is
    seen, from that moment on.
    """
    holding = changed
    while holding.extended_by is not None:
        holding = read_authorizations(connection, holding.extended_by)[0]
    until = holding.grant().until if holding.holds(now) else now
    under, before = [holding.authorization_id], holding.extends
    while before is not None:
        under.append(before)
        before = read_authorizations(connection, before)[0].extends
    connection.execute(
        update(stream_processors)
        .where(stream_processors.c.authorization_id.in_(under))
        .values(authorized_until=until)
    )
