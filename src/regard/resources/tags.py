"""Tags of resources. A resource is its ARN's last part, `collection/ID`, whatever region and account say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from regard.errors import ServiceQuotaExceededException
from regard.storage.schema import tags

MAX_TAGS = 200
_TAGS = select(tags.c.key, tags.c.value).where(tags.c.resource == bindparam("resource")).order_by(tags.c.key)


def tags_of(connection: Connection, resource: str) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(_TAGS, {"resource": resource})}


def put_tags(connection: Connection, resource: str, new: Mapping[str, str]) -> None:
    """Adds tags, replacing those of the same key. Raises ServiceQuotaExceededException above 200."""
    if len(tags_of(connection, resource).keys() | new.keys()) > MAX_TAGS:
        raise ServiceQuotaExceededException(f"A resource can't have more than {MAX_TAGS} tags.")
    if new:
        remove_tags(connection, resource, list(new))
        rows = [{"resource": resource, "key": key, "value": value} for key, value in new.items()]
        connection.execute(insert(tags), rows)


def remove_tags(connection: Connection, resource: str, names: Sequence[str] | None = None) -> None:
    """Removes the named tags, or all of them."""
    statement = delete(tags).where(tags.c.resource == resource)
    connection.execute(statement if names is None else statement.where(tags.c.key.in_(names)))
