"""Which faces are here, for whoever is told only of their ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Collection as Names

from regard.collections.gallery import Gallery
from regard.collections.store import CollectionStore
from regard.errors import ResourceNotFoundException

FacesHere = Callable[[str, Sequence[str]], Names[str]]
"""Which of these FaceIds a collection holds; none where there is no such collection."""


def faces_here(collections: CollectionStore, gallery: Gallery) -> FacesHere:
    """Asks the database."""

    def found(collection_id: str, face_ids: Sequence[str]) -> Names[str]:
        try:
            collection = collections.get(collection_id)
        except ResourceNotFoundException:
            return frozenset()
        page = gallery.page(collection, after=0, limit=len(face_ids), face_ids=face_ids)
        return {face.face_id for face in page}

    return found
