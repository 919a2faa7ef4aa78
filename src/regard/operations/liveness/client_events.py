"""What the client's events say, read with the care that a stranger's JSON needs."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from regard.errors import ValidationException
from regard.liveness.streams import ClientEvent
from regard.vision.geometry import Box
from regard.vision.liveness.challenge import Challenge, Rgb
from regard.vision.liveness.client_report import ClientReport, ShownColour

_CHANGES: Final = 64  # of colour; a challenge has two for each of seven


class ClientAccount:
    """What a client has said so far, of one challenge."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge
        self.report = ClientReport(None)
        self._identifier: str | None = None  # the client's own, which must stay the same

    def take(self, event: ClientEvent) -> None:
        """Takes in a ClientSessionInformationEvent.

        Raises ValidationException for what is malformed, or about another challenge.
        """
        told = _structure(_structure(event.body, "Challenge"), self._challenge.kind.value)
        self._hold(told.get("ChallengeId"))
        report = self.report
        if "VideoStartTimestamp" in told:
            report = replace(report, video_start=_number(told, "VideoStartTimestamp"))
        if "VideoEndTimestamp" in told:
            report = replace(report, video_end=_number(told, "VideoEndTimestamp"))
        if "InitialFace" in told:
            report = replace(report, initial_face=_box(_structure(told, "InitialFace")))
        if "TargetFace" in told:
            report = replace(report, target_face=_box(_structure(told, "TargetFace")))
        if "ColorDisplayed" in told:
            if len(report.colours) >= _CHANGES:
                raise ValidationException("The client shows more colours than the challenge has.")
            shown = _shown(_structure(told, "ColorDisplayed"), event.arrived)
            if not 0 <= shown.number < len(self._challenge.colours):
                raise ValidationException("SequenceNumber must be that of a colour of the challenge.")
            report = replace(report, colours=(*report.colours, shown))
        self.report = report

    def _hold(self, identifier: Any) -> None:
        if not isinstance(identifier, str) or len(identifier) > 64:
            raise ValidationException("ChallengeId must be a string of 64 characters at most.")
        if self._identifier not in (None, identifier):
            raise ValidationException("The ChallengeId has changed.")
        self._identifier = identifier


def video_chunk(event: ClientEvent) -> bytes:
    """The bytes of a VideoEvent; none at the video's end. Raises ValidationException."""
    chunk = event.body.get("VideoChunk", "")
    if not isinstance(chunk, str):
        raise ValidationException("VideoChunk must be base64.")
    try:
        return base64.b64decode(chunk, validate=True)
    except ValueError as error:
        raise ValidationException("VideoChunk must be base64.") from error


def _shown(told: Mapping[str, Any], arrived: float) -> ShownColour:
    number = told.get("SequenceNumber")
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValidationException("SequenceNumber must be a whole number.")
    return ShownColour(
        number=number,
        current=_rgb(told, "CurrentColor"),
        previous=_rgb(told, "PreviousColor"),
        started=_number(told, "CurrentColorStartTimestamp"),
        arrived=arrived,
    )


def _rgb(told: Mapping[str, Any], name: str) -> Rgb:
    values = _structure(told, name).get("RGB")
    if isinstance(values, list) and len(values) == 3:
        red, green, blue = values
        if all(type(value) is int and 0 <= value <= 255 for value in values):
            return red, green, blue
    raise ValidationException(f"{name} must have an RGB of three numbers, 0 to 255.")


def _box(told: Mapping[str, Any]) -> Box:
    box = _structure(told, "BoundingBox")
    return Box(*(_number(box, name) for name in ("Left", "Top", "Width", "Height")))


def _structure(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    if not isinstance(value, dict):
        raise ValidationException(f"A ClientSessionInformationEvent has no {name} where one belongs.")
    return value


def _number(told: Mapping[str, Any], name: str) -> float:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationException(f"{name} must be a number.")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValidationException(f"{name} is out of bounds.") from error
    if not math.isfinite(number) or abs(number) > 1e15:
        raise ValidationException(f"{name} is out of bounds.")
    return number
