"""What is to be expected of a camera's search: false alerts a day, beside those alerts that there were."""

from __future__ import annotations

from typing import Any, Final

from regard.collections.records import Collection
from regard.context import Context
from regard.errors import RegardError, ResourceNotFoundException
from regard.evaluation.card import Measured, ModelCard
from regard.evaluation.false_alerts import FalseAlertRate
from regard.governance.purpose import STREAM_MATCH
from regard.storage.clock import milliseconds
from regard.streams.events import EventKind
from regard.streams.records import IDLE, StreamKind, StreamProcessor
from regard.video.live.following import MAX_SEARCHES

_DAY: Final = 86_400
_MIN_WATCHED: Final = 60.0  # seconds from which the number of passers-by tells something


class Expectations:
    """Those of the processors of one request: a collection, and a model's card, is read once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._collections: dict[str, Collection | None] = {}
        self._cards: dict[str, ModelCard | str] = {}

    def of(self, stream: StreamProcessor) -> dict[str, Any] | None:
        """In the shape of Regard's own API; None of a processor that searches no faces."""
        if stream.kind is not StreamKind.FACE_SEARCH or stream.collection_id is None:
            return None
        passers = _passers_a_day(stream)
        told = self._expected(stream, passers)
        if passers is not None:
            told["PassersADay"] = passers
        since = milliseconds() - _DAY * 1000
        told["Alerts"] = self._ctx.stores.stream_events.count(stream, EventKind.FACE_MATCHED, since)
        return told

    def noted(self, stream: StreamProcessor, threshold: float, faces: int | None) -> dict[str, Any]:
        """What is known at a start, for its record: the probability that a passer-by raises a false alert.

        `threshold` and `faces` as in `rate`.
        """
        rate = self.rate(stream, threshold, faces)
        if isinstance(rate, str):
            return {"unknown": rate}
        return {"faces": rate.faces, "per_passer": float(f"{rate.per_passer.value:.3g}")}

    def rate(
        self, stream: StreamProcessor, threshold: float | None = None, faces: int | None = None
    ) -> FalseAlertRate | str:
        """What a search by it comes to now; a sentence where that isn't known.

        `threshold` is how alike faces must be, percent, and `faces` how many are searched; None for those of
        the session, else of the next.
        """
        collection = self._collection(str(stream.collection_id))
        if collection is None:
            return f"There is no collection {stream.collection_id} any more."
        card = self._card(collection.face_model_version)
        if isinstance(card, str):
            return card
        searched = self._searched(stream, collection) if faces is None else faces
        alike = _threshold(stream, collection) if threshold is None else threshold
        try:
            return FalseAlertRate.of(card, alike, searched, MAX_SEARCHES)
        except ValueError as error:
            return str(error)

    def _expected(self, stream: StreamProcessor, passers: float | None) -> dict[str, Any]:
        rate = self.rate(stream)
        if isinstance(rate, str):
            return {"Unknown": rate}
        told: dict[str, Any] = {
            "Faces": rate.faces,
            "FalseMatchRate": _bounded(rate.false_match),
            "PerPasser": _bounded(rate.per_passer),
        }
        if passers is not None:
            told["ExpectedADay"] = _bounded(rate.expected(passers))
        return told

    def _collection(self, collection_id: str) -> Collection | None:
        if collection_id not in self._collections:
            try:
                found = self._ctx.stores.collections.get(collection_id)
            except ResourceNotFoundException:
                found = None
            self._collections[collection_id] = found
        return self._collections[collection_id]

    def _card(self, version: str) -> ModelCard | str:
        if version not in self._cards:
            try:
                self._cards[version] = ModelCard.load(self._ctx.settings.pack, version)
            except RegardError as error:
                self._cards[version] = str(error)
        return self._cards[version]

    def _searched(self, stream: StreamProcessor, collection: Collection) -> int:
        """How many faces are searched: those that the authorization of a session lists, else all."""
        if stream.status in IDLE or stream.authorization_id is None:
            return collection.face_count
        try:
            authorization = self._ctx.stores.accountability.authorizations.get(stream.authorization_id)
        except ResourceNotFoundException:
            return collection.face_count
        return len(authorization.scope.faces) or collection.face_count


def _threshold(stream: StreamProcessor, collection: Collection) -> float:
    """How alike faces must be, percent: that of the session, else that of the next."""
    if stream.status not in IDLE and stream.match_threshold is not None:
        return stream.match_threshold
    return STREAM_MATCH.applied(stream.threshold, collection.purpose, raised=True)


def _passers_a_day(stream: StreamProcessor) -> float | None:
    """How many faces passed in the newest session, by the day; None while it is too short to tell."""
    watched = float(stream.checkpoint.get("watched", 0.0))
    if watched < _MIN_WATCHED:
        return None
    return round(float(stream.checkpoint["passed"]) * _DAY / watched, 1)


def _bounded(number: Measured) -> dict[str, Any]:
    return {
        "Value": number.value,
        "Low": number.low,
        "High": number.high,
        "Extrapolated": number.extrapolated,
    }
