"""CreateCollection, DeleteCollection, DescribeCollection, ListCollections."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.collections.consent import note_deletion, note_protection
from regard.operations.collections.tags import check_new_tags, purpose_tagged
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.inputs.stream_tags import refuse_stream_tags
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import COLLECTION, collection_arn

_MAX_RESULTS = 4096
_LISTING = "collections"


def create_collection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes an empty collection, with its tags, `regard:purpose` among them; it is pinned to a face model."""
    tags = request.get("Tags") or {}
    check_new_tags(tags)
    refuse_stream_tags(tags)
    note_protection(ctx, tags)
    collection = ctx.stores.collections.create(request["CollectionId"], ctx.face_models.default.version, tags)
    return {
        "StatusCode": 200,
        "CollectionArn": collection_arn(ctx.settings, collection.collection_id),
        "FaceModelVersion": collection.face_model_version,
    }


def delete_collection(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Erases a collection, its faces and its tags."""
    collection = ctx.collection
    ctx.stores.collections.delete(collection)
    note_deletion(ctx, [], users=collection.user_count, faces=collection.face_count)
    return {"StatusCode": 200}


def describe_collection(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """How many faces a collection has, its model, ARN and age."""
    collection = ctx.collection
    return {
        "FaceCount": collection.face_count,
        "FaceModelVersion": collection.face_model_version,
        "CollectionARN": collection_arn(ctx.settings, collection.collection_id),
        "CreationTimestamp": moment(collection.created),
        "UserCount": collection.user_count,
    }


def list_collections(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The collections in the order they were made, a page at a time."""
    after = read_token(_LISTING, request.get("NextToken"))
    limit = request.get("MaxResults") or _MAX_RESULTS
    found = ctx.stores.collections.names(after=after, limit=limit + 1)
    page = found[:limit]
    response: dict[str, Any] = {
        "CollectionIds": [collection_id for _, collection_id, _ in page],
        "FaceModelVersions": [version for _, _, version in page],
    }
    if len(found) > limit:
        response["NextToken"] = make_token(_LISTING, page[-1][0])
    return response


OPERATIONS = (
    Operation(
        name="CreateCollection",
        run=create_collection,
        area=Area.COLLECTIONS,
        permission=Permission.ENROL,
        about=COLLECTION,
        sets_purpose=purpose_tagged,
        rights={"Tags": "tag_resource"},
    ),
    Operation(
        name="DeleteCollection",
        run=delete_collection,
        area=Area.COLLECTIONS,
        permission=Permission.ENROL,
        about=COLLECTION,
    ),
    Operation(
        name="DescribeCollection",
        run=describe_collection,
        area=Area.COLLECTIONS,
        permission=Permission.READ,
        about=COLLECTION,
    ),
    Operation(
        name="ListCollections",
        run=list_collections,
        area=Area.COLLECTIONS,
        permission=Permission.READ,
    ),
)
