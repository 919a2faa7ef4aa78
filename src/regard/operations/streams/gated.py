"""A stream processor that the gate lets run: it is asked once a second whether it still may."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from regard.caller import Caller
from regard.governance.purpose import stricter
from regard.governance.record import Record
from regard.metering.units import Unit
from regard.operations.admission import Admission
from regard.operations.admitted import Admitted
from regard.operations.moving_pictures import check_grant
from regard.operations.streams.stream_run import StreamRun
from regard.operations.subjects import resolve_stream
from regard.settings import Settings
from regard.stores import Stores
from regard.streams.events import Within
from regard.streams.records import StreamKind, StreamProcessor
from regard.streams.running import SourceStanding
from regard.streams.steps import StreamStep
from regard.video.live.samples import LiveSample

_CHECKED = 1.0  # seconds between two questions whether it still may
_COUNTED = 3600.0  # seconds between two records of how many faces were followed
_START = "start_stream_processor"


def started_by(stream: StreamProcessor) -> Caller:
    """Whoever started a processor, as they were then."""
    return stream.started_by or stream.created_by


class GatedStream:
    """The running of one processor. Not for several threads at a time.

    Its beginning, its end, each alert and the hourly counts are in the audit log.
    """

    def __init__(
        self,
        stream: StreamProcessor,
        starter: Caller,
        stores: Stores,
        settings: Settings,
        admission: Admission,
    ) -> None:
        """`starter` is whoever started it, as they are now. Raises ServiceError where it may not run; that is
        in the log, too.
        """
        self._stream = stream
        self._starter = starter
        self._stores = stores
        self._settings = settings
        self._admission = admission
        self._record = self._new_record("session")
        self._tags = stores.streams.tags(stream)
        try:
            self._admitted = self._admit()
            self._run = self._begun()
            self._record.begin()
        except Exception as error:
            self._record.end(error)
            raise
        grant = self._admitted.context.grant
        self.authorized_until = None if grant is None else grant.until
        """When the authorization ends that it runs under, in milliseconds since the epoch."""
        self._checked = self._counted = time.monotonic()
        self._before = (0, 0)

    def take(self, sample: LiveSample) -> StreamStep:
        """What a sample shows. Raises ServiceError once it may not run any more."""
        self._refuse_withdrawn()
        return self._run.take(sample)

    def wait(self, standing: SourceStanding) -> StreamStep:
        """What is to be done though no sample came. Raises as `take` does."""
        self._refuse_withdrawn()
        return self._run.wait(standing)

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """What another worker goes on from."""
        return self._run.checkpoint

    def end(self, error: BaseException | None = None) -> None:
        """Leaves the record of how it ended."""
        self._record.results = {"tracks": self._run.tracks, "matched": self._run.matched}
        self._record.units = self._ran()
        self._record.end(error)

    def _admit(self) -> Admitted:
        stream = self._stream
        return self._admission.admit_again(
            _START,
            {"Name": stream.name},
            self._starter,
            resolve_stream(stream, self._stores, self._settings),
            self._record,
            requested=stream.match_threshold,
        )

    def _begun(self) -> StreamRun:
        return StreamRun(self._admitted.context, self._stream, self._tags, self._alert_writers)

    def _refuse_withdrawn(self) -> None:
        """Once a second: whether it still may; a stricter purpose has it begin anew, by its rules."""
        now = time.monotonic()
        if now - self._checked < _CHECKED:
            return
        self._checked = now
        self._admission.refuse_withdrawn(self._admitted, self._starter)
        context = self._admitted.context
        grant = check_grant(context, self._admitted.request)
        self.authorized_until = None if grant is None else grant.until
        if context.subject.collection is not None:
            current = self._stores.collections.get(context.subject.collection.collection_id)
            if stricter(context.purpose, current.purpose) != context.purpose:
                self._admitted = self._admit()
                self._run = self._begun()
        if now - self._counted >= _COUNTED:
            self._count()

    def _count(self) -> None:
        """The record of how many faces were followed since the last, and how many resembled somebody."""
        reached = self._run.tracks, self._run.matched
        record = self._new_record("counts")
        record.results = {
            "tracks": max(0, reached[0] - self._before[0]),
            "matched": max(0, reached[1] - self._before[1]),
        }
        self._before = reached
        record.units = self._ran()
        record.end()

    def _ran(self) -> Mapping[str, int]:
        """For how many milliseconds it ran since that was counted last, as usage counts it."""
        before, self._counted = self._counted, time.monotonic()
        unit = Unit.STREAM_MS if self._stream.kind is StreamKind.FACE_SEARCH else Unit.STREAM_LABEL_MS
        return {unit.value: round(1000 * (self._counted - before))}

    def _alert_writers(self, event_id: str) -> Sequence[Within]:
        """What is written with an alert: its record; whether it may be kept is asked in the same moment."""
        record = self._new_record("alert", event=event_id)
        record.results = {"FaceMatches": 1}
        grant = self._admitted.context.grant

        def write(connection: Connection) -> None:
            if grant is not None:
                self._stores.accountability.grants.check_step(connection, grant.authorization_id)
            record.end_within(connection)
            record.settle()

        return [write]

    def _new_record(self, stage: str, **facts: Any) -> Record:
        """A record of the session, at one of its stages."""
        stream = self._stream
        record = Record(
            self._stores.audit,
            operation="StartStreamProcessor",
            collection=stream.collection_id,
            caller=self._starter,
            request_id=stream.request_id or "",
            case=stream.case_id,
        )
        record.about(stream=stream.name, session=stream.session, stage=stage, **facts)
        if stream.authorization_id is not None:
            record.about(authorization=stream.authorization_id)
        record.purpose, record.threshold = stream.purpose, stream.match_threshold
        return record
