"""TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException, ResourceNotFoundException
from regard.governance import purpose
from regard.operations.resources import collection_of


def tag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Adds tags to a collection, replacing those of the same key; 200 at most."""
    check_new_tags(request["Tags"])
    ctx.stores.collections.tag(_collection(request), request["Tags"], seen=_seen(ctx))
    return {}


def untag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Removes tags from a collection; keys that are not there are passed over."""
    ctx.stores.collections.untag(_collection(request), request["TagKeys"], seen=_seen(ctx))
    return {}


def list_tags_for_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a collection."""
    return {"Tags": ctx.stores.collections.tags(_collection(request))}


def check_new_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for keys that AWS keeps to itself."""
    reserved = sorted(key for key in tags if key.lower().startswith("aws:"))
    if reserved:
        raise InvalidParameterException(f"Tag keys can't start with aws: as {reserved[0]} does.")


def _seen(ctx: Context) -> tuple[str, str, str]:
    """What the gate decided on: the purpose tag, what it was, and what its absence means."""
    return purpose.TAG, ctx.collection_purpose, purpose.GENERAL


def _collection(request: Mapping[str, Any]) -> str:
    collection_id = collection_of(request)
    if collection_id is None:
        raise ResourceNotFoundException
    return collection_id
