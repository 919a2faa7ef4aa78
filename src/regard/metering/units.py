"""What is counted, and the sums that are kept of it."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """What an audit record counts, under its `units`, and a price list has prices for."""

    IMAGE_1 = "image_1"
    """Pictures, or searches by a face, in operations of AWS's group 1."""
    IMAGE_2 = "image_2"
    """Pictures in operations of AWS's group 2."""
    IMAGE_PROPERTIES = "image_properties"
    """Pictures whose light, focus and colours were asked for."""
    VIDEO_MS = "video_ms"
    """Milliseconds of stored video, for each analysis."""
    SEGMENT_MS = "segment_ms"
    """Milliseconds of stored video that was cut into shots and technical cues."""
    STREAM_MS = "stream_ms"
    """Milliseconds for which faces were searched in live video."""
    STREAM_LABEL_MS = "stream_label_ms"
    """Milliseconds for which people, pets and packages were looked for in live video."""
    TRAINING_MS = "training_ms"
    """Milliseconds of work on custom models that were trained."""
    INFERENCE_MS = "inference_ms"
    """Milliseconds for which custom models ran, times their inference units."""
    LIVENESS = "liveness"
    """Checks of whether somebody is before a camera themself."""


STORED = "vector_months"
"""What a price list calls face vectors and user vectors, each by the share of a month that it was stored."""

COLUMNS = (*(unit.value for unit in Unit), "requests", "refused", "errors", "work_us")
"""The sums that usage has: of each unit; of requests, of those that were refused (what the caller could mend)
and that failed (what they could not); and of the work, in microseconds."""
