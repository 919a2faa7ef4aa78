"""Records that wait to be sent: a face that is erased meanwhile is not told any more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from regard.collections.kept_matches import enrolled_among
from regard.collections.store import find_visible
from regard.errors import ServiceError
from regard.notifications.record_sinks import RecordSink
from regard.notifications.webhook import DeliveryFailed
from regard.operations.reviewing.recorded import is_placeholder
from regard.operations.shapes.stream_records import record_text
from regard.storage.database import Database


class EnrolledSink:
    """A place for records of face search, which is told of faces that are in the collection now.

    Records are read again where they name somebody; placeholders of whom people are to judge stay.
    """

    def __init__(self, sink: RecordSink, database: Database, collection_id: str) -> None:
        self._sink = sink
        self._database = database
        self._collection_id = collection_id

    def put(self, records: Sequence[str]) -> Sequence[str]:
        """As the place's own. Raises DeliveryFailed where the database is away, too: then all wait."""
        read = {text: json.loads(text) for text in records if '"FaceId"' in text}
        gone = self._erased({match["Face"]["FaceId"] for one in read.values() for match in _named(one)})
        if not gone:
            return self._sink.put(records)
        current = [_without(read[text], gone) if text in read else text for text in records]
        given = dict(zip(current, records, strict=True))
        return [given[text] for text in self._sink.put(current)]

    def close(self) -> None:
        """Lets go of what is open."""
        self._sink.close()

    def _erased(self, names: set[str]) -> set[str]:
        if not names:
            return set()
        try:
            with self._database.read() as connection:
                collection = find_visible(connection, self._collection_id)
                if collection is None:
                    return names
                return names - enrolled_among(connection, collection.row, names)
        except ServiceError as error:
            raise DeliveryFailed(error.message.rstrip(".")) from error


def _named(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The matches of a record that name somebody."""
    for response in record["FaceSearchResponse"]:
        yield from (match for match in response["MatchedFaces"] if not is_placeholder(match))


def _without(record: Mapping[str, Any], gone: set[str]) -> str:
    for response in record["FaceSearchResponse"]:
        matches = response["MatchedFaces"]
        response["MatchedFaces"] = [one for one in matches if one["Face"]["FaceId"] not in gone]
    return record_text(record)
