"""Opens what a running processor reads and writes: its source, its output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regard.errors import InvalidParameterException
from regard.notifications.delivery import Courier
from regard.notifications.record_output import RecordOutput
from regard.notifications.record_sinks import FileSink, KinesisSink, RecordSink, UrlSink
from regard.operations.inputs.live_sources import output_file
from regard.operations.streams.enrolled_sink import EnrolledSink
from regard.settings import Settings
from regard.storage.database import Database
from regard.streams.kinesis_video import KinesisVideo
from regard.streams.records import StreamKind, StreamProcessor
from regard.streams.running import SourceStanding
from regard.streams.worker import OpenedSource
from regard.video.live.address import SourceAddress, SourceKind
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks
from regard.video.live.reader import LiveReader
from regard.video.live.samples import LiveSample, MediaPosition
from regard.video.live.trust import SourceTrust

_MAX_BEHIND = 10.0  # seconds that a face search may be behind what comes now, and go on where it was
_BURSTS = (SourceKind.HLS, SourceKind.KINESIS, SourceKind.FILE)


class ReadSource:
    """A live source that is read, and where another worker goes on with it."""

    def __init__(self, reader: LiveReader) -> None:
        self._reader = reader

    def start(self) -> None:
        """Connects, in the background, for ever."""
        self._reader.start()

    def ask(self, timeout: float) -> LiveSample | None:
        """The next sample; None where none came within so many seconds."""
        return self._reader.ask(timeout)

    @property
    def state(self) -> SourceStanding:
        return self._reader.state

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """The fragment behind which to go on; nothing of what isn't Kinesis."""
        position = self._reader.position
        return {} if position is None or position.fragment is None else {"fragment": position.fragment}

    def close(self) -> None:
        """Lets go of it."""
        self._reader.close()


def open_source(stream: StreamProcessor, settings: Settings) -> OpenedSource:
    """The source of a processor, not connected yet. Raises InvalidParameterException for one that is none."""
    try:
        address = SourceAddress.parse(stream.source)
    except ValueError as error:
        raise InvalidParameterException(str(error)) from None
    resume = _resume(stream, address)

    def opened() -> ReadSource:
        return ReadSource(
            LiveReader(
                address,
                rate=stream.rate,
                networks=AllowedNetworks.parse(settings.sources),
                trust=SourceTrust(settings.source_certificates),
                folders=AllowedFolders.parse(settings.stream_folders),
                kinesis=KinesisVideo(settings.kinesis_video_endpoint),
                resume=resume,
            )
        )

    own = stream.row if resume is not None else None  # where it begins is its own
    shared = (address.url, address.is_checked, stream.rate, own)
    return OpenedSource(shared, opened, is_recorded=address.kind in _BURSTS)


def open_output(
    stream: StreamProcessor, settings: Settings, courier: Courier, database: Database
) -> RecordOutput | None:
    """Where a processor's records go, None where it has none. No face is told there that was erased since.

    Raises InvalidParameterException for a file that may not be written any more, or a URL that nothing can
    sign for.
    """
    place = stream.output
    if place is None:
        return None
    sink: RecordSink
    if place.startswith("arn:"):
        sink = KinesisSink(place, settings.kinesis_endpoint, stream.name)
    elif place.startswith("file:"):
        sink = FileSink(_written_file(place, settings))
    else:
        starter = stream.started_by or stream.created_by
        sink = UrlSink(place, courier.secret(starter.key_id), allowed=settings.webhooks)
    if stream.collection_id is not None:
        sink = EnrolledSink(sink, database, stream.collection_id)
    return RecordOutput(sink, name=stream.name)


def _written_file(place: str, settings: Settings) -> Path:
    file = output_file(place)
    if file is None or not AllowedFolders.parse(settings.stream_folders).contain(file):
        raise InvalidParameterException("The output's file is below no folder of REGARD_STREAM_FOLDERS.")
    return file


def _resume(stream: StreamProcessor, address: SourceAddress) -> MediaPosition | None:
    """Where in a Kinesis video stream to begin; None for now, and for what is no such stream."""
    if address.kind is not SourceKind.KINESIS:
        return None
    behind = _MAX_BEHIND if stream.kind is StreamKind.FACE_SEARCH else None
    fragment = stream.checkpoint.get("fragment")
    if fragment is not None:
        return MediaPosition(fragment=str(fragment), maximum_behind=behind)
    selector = stream.start_selector or {}
    if "FragmentNumber" in selector:
        return MediaPosition(fragment=str(selector["FragmentNumber"]), maximum_behind=behind)
    if "ProducerTimestamp" in selector:
        return MediaPosition(produced=selector["ProducerTimestamp"] / 1000, maximum_behind=behind)
    return None
