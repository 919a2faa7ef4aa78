"""Whose pictures may leave the house for a comparison."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from typing import Any, Final

from regard.collections.retention import FaceRetention
from regard.collections.store import CollectionStore
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance.purpose import GENERAL, floor_of, strict_of, stricter

_OWN_PARAMETERS: Final = ("ProjectVersion", "HumanLoopConfig")  # name what the other service hasn't got
_SETTLED: Final = frozenset(
    (
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
        "ResourceNotFoundException",
    )
)
"""Errors that say something of the request, not of who made it: these are compared, too."""


class LeavingRules:
    """What keeps a request from being asked elsewhere: a strict purpose, a consent, a picture's place."""

    def __init__(
        self,
        collections: CollectionStore,
        faces: FaceRetention,
        site_purpose: str,
        local_buckets: Names[str],
    ) -> None:
        """Raises RegardError where nothing may leave at all."""
        if strict_of(site_purpose) is not None:
            raise RegardError(f"This installation is for {site_purpose}: its pictures don't leave the house.")
        self._collections = collections
        self._faces = faces
        self._site = site_purpose
        self._local = frozenset(local_buckets)

    def refusal(self, request: Mapping[str, Any], key_purpose: str) -> str | None:
        """Why a request may not be asked elsewhere, in a few words; None where it may.

        `key_purpose` is what the key of who made it is for.
        """
        if strict_of(key_purpose) is not None:
            return "strict purpose"
        if any(name in request for name in _OWN_PARAMETERS):
            return "names what is here alone"
        if any(bucket in self._local for bucket in _buckets(request)):
            return "picture in a bucket of this machine"
        named = request.get("CollectionId")
        return None if named is None else self._collection_refusal(named)

    def purpose(self, request: Mapping[str, Any], key_purpose: str) -> str:
        """The strictest purpose that a request runs under: its collection's, its key's, the installation's.

        Raises ResourceNotFoundException.
        """
        named = request.get("CollectionId")
        of_collection = GENERAL if named is None else self._collections.get(named).purpose
        return stricter(stricter(of_collection, key_purpose), self._site)

    def keeps_answer(self, request: Mapping[str, Any], key_purpose: str) -> bool:
        """Whether clients get Regard's own answer whatever another service says.

        The purpose has a floor, below which nobody is shown a match; the other service knows none.
        """
        try:
            return floor_of(self.purpose(request, key_purpose)) is not None
        except ResourceNotFoundException:
            return False  # of which nothing is asked elsewhere

    def _collection_refusal(self, name: str) -> str | None:
        try:
            collection = self._collections.get(name)
        except ResourceNotFoundException:
            return "no such collection"
        if strict_of(collection.purpose) is not None:
            return "strict purpose"
        return "consent" if self._faces.needs_consent(collection) else None


def is_settled(status: int, error: str | None) -> bool:
    """Whether an own answer says what the request itself comes to."""
    return status == 200 or (error or "").split(":")[0] in _SETTLED


def _buckets(request: Mapping[str, Any]) -> Iterator[str]:
    for member in ("Image", "SourceImage", "TargetImage"):
        image = request.get(member)
        place = image.get("S3Object") if isinstance(image, Mapping) else None
        if isinstance(place, Mapping) and isinstance(place.get("Bucket"), str):
            yield place["Bucket"]
