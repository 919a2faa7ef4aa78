"""Collections for embedding: a collection is pinned to the model that made its vectors."""

from __future__ import annotations

from regard.collections.records import Collection
from regard.context import Context
from regard.errors import InvalidParameterException


def collection_for_embedding(ctx: Context, collection_id: str) -> Collection:
    """The collection, when new vectors can be compared with those in it.

    Raises ResourceNotFoundException, or InvalidParameterException where another model made it.
    """
    collection = ctx.stores.collections.get(collection_id)
    current = ctx.models.faces.version
    if collection.face_model_version != current:
        raise InvalidParameterException(
            f"The collection {collection_id} was made by face model {collection.face_model_version}, and "
            f"this server runs {current}, whose vectors don't compare; enrol its photos anew."
        )
    return collection
