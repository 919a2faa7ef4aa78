"""Collections for embedding: a collection is pinned to the model that made its vectors."""

from __future__ import annotations

from regard.collections.records import Collection
from regard.context import Context
from regard.errors import InvalidParameterException


def collection_for_embedding(ctx: Context) -> Collection:
    """The collection of a request, when new vectors can be compared with those in it.

    Raises ResourceNotFoundException, or InvalidParameterException where another model made it.
    """
    collection = ctx.collection
    current = ctx.models.faces.version
    if collection.face_model_version != current:
        raise InvalidParameterException(
            f"The collection {collection.collection_id} was made by face model "
            f"{collection.face_model_version}, and this server runs {current}, whose vectors don't compare; "
            "enrol its photos anew."
        )
    return collection
