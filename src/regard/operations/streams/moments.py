"""Where a live sample is in its source, as records and notices say it."""

from __future__ import annotations

from regard.operations.shapes.stream_records import VideoMoment
from regard.streams.records import StreamProcessor
from regard.video.live.samples import LiveSample


def moment_of(stream: StreamProcessor, sample: LiveSample) -> VideoMoment:
    """Times of the fragment, and where in it the sample is."""
    return VideoMoment(
        stream_arn=stream.source_shown,
        fragment=sample.fragment,
        server=sample.fragment_arrived,
        producer=sample.fragment_produced,
        offset=sample.offset,
    )
