"""Builds everything of a process that runs stream processors, once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from regard.app import build
from regard.governance.keys import KeyStore
from regard.governance.purpose import GENERAL
from regard.measurements import Measurements
from regard.notifications.delivery import Courier
from regard.notifications.record_output import RecordOutput
from regard.notifications.stream_delivery import StreamDelivery
from regard.operations.streams.opening import open_output, open_source
from regard.presentation.live_view import draw_live, live_mark
from regard.resources.outbox import Outbox
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import stream_notices
from regard.streams.events import StreamEvents
from regard.streams.leases import StreamLeases
from regard.streams.live_view import LiveViewServer
from regard.streams.records import StreamProcessor
from regard.streams.running import StreamGate
from regard.streams.steps import LiveMark
from regard.streams.worker import OpenedSource, StreamTools, StreamWorker, worker_name
from regard.video.live.samples import LiveSample
from regard.vision.faces import FaceAnalyzer


class StreamProcess:
    """A stream worker and what it works with. The models are loaded once there is a processor to run."""

    def __init__(
        self, settings: Settings, *, name: str | None = None, measurements: Measurements | None = None
    ) -> None:
        self._settings = settings
        self._measurements = measurements or Measurements()
        self._opened = ExitStack()
        self._database = database = Database.open(settings.data, settings.database)
        self._opened.callback(database.close)
        keys = KeyStore(database)

        def secret_of(key_id: str) -> str | None:
            key = keys.find(key_id)
            return None if key is None else key.secret

        self._courier = Courier(settings, secret_of)
        self._delivery = StreamDelivery(Outbox(database, stream_notices), self._courier)
        name = name or worker_name()
        views = LiveViewServer(settings.data, name, _draw)
        self._opened.callback(views.close)
        tools = StreamTools(
            leases=StreamLeases(database),
            events=StreamEvents(
                database,
                Cipher(settings.keys, database),
                quiet_seconds=settings.alert_quiet,
                days=settings.event_days,
            ),
            gate=self._gate,
            source=self._source,
            output=self._output,
            views=views,
            wake=self._delivery.wake,
            measurements=self._measurements,
        )
        self._worker = StreamWorker(tools, threads=settings.worker_count, name=name)

    def run(self, stop: threading.Event) -> None:
        """Runs processors until it is told to stop. Raises RegardError when the models can't be opened."""
        self._delivery.start()
        try:
            self._worker.run(stop)
        finally:
            self._delivery.close()

    def close(self) -> None:
        """Lets go of all that is open."""
        self._opened.close()

    def _gate(self) -> StreamGate:
        parts = build(self._settings, measurements=self._measurements)
        self._opened.callback(parts.close)
        parts.indexes.keep_level()
        parts.sessions.load({*FaceAnalyzer.networks, *parts.face_models.default.networks})
        return parts.gate

    def _source(self, stream: StreamProcessor) -> OpenedSource:
        return open_source(stream, self._settings)

    def _output(self, stream: StreamProcessor) -> RecordOutput | None:
        return open_output(stream, self._settings, self._courier, self._database)


def _draw(sample: LiveSample, marks: Sequence[LiveMark], stream: StreamProcessor) -> bytes:
    """A picture as it is watched, with where it is and why it is searched."""
    about = [stream.place or stream.name, stream.purpose, stream.authorization_id]
    drawn = [
        live_mark(
            {"Left": one.left, "Top": one.top, "Width": one.width, "Height": one.height},
            one.caption,
            is_match=one.is_match,
        )
        for one in marks
    ]
    corner = " · ".join(one for one in about if one and one != GENERAL)
    return draw_live(sample.image.pixels(), drawn, corner)
