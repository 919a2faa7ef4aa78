"""Tags of stream processors: how many samples a second are analysed (`regard:looks`), where a camera is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.errors import InvalidParameterException
from regard.governance.purpose import NONE_TAG, PLACE_TAG, RATE_TAG, STREAM_TAGS, check_tags
from regard.streams.records import DEFAULT_RATE

_RATES: Final = (2.0, 10.0)


def check_stream_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for tags that say nothing of a stream processor, or say it wrongly.

    What a processor is for follows from its collection.
    """
    check_tags(tags)
    for key in tags:
        if key.startswith("regard:") and key not in STREAM_TAGS:
            raise InvalidParameterException(
                f"A stream processor has no tag {key}: it follows the rules of its collection. Its own tags "
                f"are {' and '.join(STREAM_TAGS)}."
            )
    rate_of(tags)


def refuse_stream_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for tags of stream processors and of projects on something else."""
    for key in STREAM_TAGS:
        if key in tags:
            raise InvalidParameterException(f"The tag {key} is one of stream processors.")
    if NONE_TAG in tags:
        raise InvalidParameterException(f"The tag {NONE_TAG} is one of projects of custom labels.")


def rate_of(tags: Mapping[str, str]) -> float:
    """How many samples a second are analysed. Raises InvalidParameterException."""
    if RATE_TAG not in tags:
        return DEFAULT_RATE
    minimum, maximum = _RATES
    given = tags[RATE_TAG]
    try:
        rate = float(given)
    except ValueError:
        rate = 0.0
    if not minimum <= rate <= maximum:
        raise InvalidParameterException(
            f"The tag {RATE_TAG} must be a number from {minimum:g} to {maximum:g}, not {given[:64]!r}."
        )
    return rate


def place_of(tags: Mapping[str, str]) -> str | None:
    """Where the camera is, as its notice tells."""
    return tags.get(PLACE_TAG) or None


def columns_with(tags: Mapping[str, str]) -> dict[str, Any]:
    """What follows from tags that a processor is given."""
    columns: dict[str, Any] = {}
    if RATE_TAG in tags:
        columns["rate"] = rate_of(tags)
    if PLACE_TAG in tags:
        columns["place"] = place_of(tags)
    return columns


def columns_without(keys: Sequence[str]) -> dict[str, Any]:
    """What follows from tags that a processor loses."""
    columns = {RATE_TAG: ("rate", DEFAULT_RATE), PLACE_TAG: ("place", None)}
    return dict(columns[key] for key in keys if key in columns)
