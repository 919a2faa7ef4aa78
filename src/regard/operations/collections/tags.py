"""TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context, Kind
from regard.errors import InvalidParameterException
from regard.governance import purpose
from regard.governance.permissions import Permission
from regard.operations.collections.consent import check_protection
from regard.operations.inputs.project_tags import check_project_tags
from regard.operations.inputs.stream_tags import (
    check_stream_tags,
    columns_with,
    columns_without,
    refuse_stream_tags,
)
from regard.operations.operation import Area, Operation
from regard.operations.subjects import RESOURCE


def tag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Adds tags to a collection, a stream processor, a project or a data set; 200 at most."""
    check_new_tags(request["Tags"])
    in_project = _in_project(ctx)
    if in_project is not None:
        check_project_tags(request["Tags"], of_project=ctx.subject.kind is Kind.PROJECT)
        ctx.stores.custom.tags.put(in_project, request["Tags"])
        return {}
    if ctx.subject.kind is Kind.STREAM:
        check_stream_tags(request["Tags"])
        ctx.stores.streams.tag(ctx.stream, request["Tags"], **columns_with(request["Tags"]))
        return {}
    refuse_stream_tags(request["Tags"])
    check_protection(ctx, ctx.collection, request["Tags"])
    ctx.stores.collections.tag(ctx.collection, request["Tags"])
    return {}


def untag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Removes tags of a collection, a stream processor, a project or a data set."""
    in_project = _in_project(ctx)
    if in_project is not None:
        ctx.stores.custom.tags.remove(in_project, request["TagKeys"])
        return {}
    if ctx.subject.kind is Kind.STREAM:
        ctx.stores.streams.untag(ctx.stream, request["TagKeys"], **columns_without(request["TagKeys"]))
        return {}
    check_protection(ctx, ctx.collection, dict.fromkeys(request["TagKeys"]))
    ctx.stores.collections.untag(ctx.collection, request["TagKeys"])
    return {}


def list_tags_for_resource(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a collection, a stream processor, a project or a data set."""
    in_project = _in_project(ctx)
    if in_project is not None:
        return {"Tags": ctx.stores.custom.tags.all(in_project)}
    if ctx.subject.kind is Kind.STREAM:
        return {"Tags": ctx.stores.streams.tags(ctx.stream)}
    return {"Tags": ctx.stores.collections.tags(ctx.collection)}


def _in_project(ctx: Context) -> str | None:
    """The project, or what is in one, that a request is about, as tags name it; None of everything else."""
    return (
        ctx.subject.name if ctx.subject.kind in (Kind.PROJECT, Kind.DATASET, Kind.PROJECT_VERSION) else None
    )


def check_new_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for keys that AWS keeps to itself."""
    reserved = sorted(key for key in tags if key.lower().startswith("aws:"))
    if reserved:
        raise InvalidParameterException(f"Tag keys can't start with aws: as {reserved[0]} does.")


def purpose_tagged(request: Mapping[str, Any]) -> str | None:
    """The purpose that the request's Tags give; None where they say nothing of it."""
    tags = request.get("Tags") or {}
    purpose.check_tags(tags)
    return purpose.parse(tags[purpose.TAG]) if purpose.TAG in tags else None


def purpose_untagged(request: Mapping[str, Any]) -> str | None:
    """The purpose that is left without the request's TagKeys; None where it is not among them."""
    return purpose.GENERAL if purpose.TAG in request["TagKeys"] else None


OPERATIONS = (
    Operation(
        name="TagResource",
        run=tag_resource,
        area=Area.TAGS,
        permission=Permission.ENROL,
        about=RESOURCE,
        sets_purpose=purpose_tagged,
    ),
    Operation(
        name="UntagResource",
        run=untag_resource,
        area=Area.TAGS,
        permission=Permission.ENROL,
        about=RESOURCE,
        sets_purpose=purpose_untagged,
    ),
    Operation(
        name="ListTagsForResource",
        run=list_tags_for_resource,
        area=Area.TAGS,
        permission=Permission.READ,
        about=RESOURCE,
    ),
)
