"""A live source that is read for some seconds, to see what it gives and how many faces pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regard.cli.local import LocalGate
from regard.errors import RegardError
from regard.settings import Settings
from regard.streams.kinesis_video import KinesisVideo
from regard.video.live.address import SourceAddress
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks
from regard.video.live.passers import PasserCount
from regard.video.live.reader import LiveReader
from regard.video.live.samples import LiveSample, SourceState, SourceWord
from regard.video.live.stills import frame_still
from regard.video.live.trust import SourceTrust

LONGER = 1920
"""The longer side, px, of the picture that faces are searched in."""
SURE = 60.0
"""Percent, of what is surely a face: a search follows no other."""
_PATIENCE = 30.0  # seconds that its first picture is waited for


@dataclass(slots=True)
class Trial:
    """What a source gave: the seconds until its first picture, and for which it was read from then on, its
    samples, how many of them moved, and how many faces passed. `shown` is the first sample that shows
    `faces`, as many as any does.
    """

    first: float | None = None
    seconds: float = 0.0
    samples: int = 0
    moving: int = 0
    passed: int = 0
    faces: int = -1
    shown: LiveSample | None = None
    state: SourceState = field(default_factory=lambda: SourceState(SourceWord.CONNECTING))


class FaceCounting:
    """Counts the faces that pass. The models are loaded with the first picture, by `opened`."""

    def __init__(self, opened: Callable[[], LocalGate]) -> None:
        self._opened = opened
        self._passers = PasserCount()

    @cached_property
    def gate(self) -> LocalGate:
        """What is asked for faces."""
        return self._opened()

    @property
    def passed(self) -> int:
        """How many faces have passed so far."""
        return self._passers.passed

    def observe(self, sample: LiveSample) -> int:
        """How many faces a sample surely shows; none where nothing moves."""
        if sample.is_still:
            return 0
        boxes, scores = self._found(sample)
        self._passers.observe(sample.at, boxes, scores)
        return int((100 * scores >= SURE).sum())

    def _found(self, sample: LiveSample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        picture = frame_still(sample.image.pixels(), longer=LONGER)
        found = self.gate.call("detect_faces", Image={"Bytes": picture})["FaceDetails"]
        boxes = [one["BoundingBox"] for one in found]
        corners = [
            [one["Left"], one["Top"], one["Left"] + one["Width"], one["Top"] + one["Height"]] for one in boxes
        ]
        sides = [sample.width, sample.height] * 2
        scores = [one["Confidence"] / 100 for one in found]
        return np.array(corners, np.float64).reshape(-1, 4) * sides, np.array(scores, np.float64)


def read_trial(source: str, settings: Settings, seconds: float, counting: FaceCounting) -> Trial:
    """What a source gives in so many seconds from its first picture on. Raises RegardError for what is no
    source.
    """
    try:
        address = SourceAddress.parse(source)
        networks, folders = (
            AllowedNetworks.parse(settings.sources),
            AllowedFolders.parse(settings.stream_folders),
        )
    except ValueError as error:
        raise RegardError(str(error)) from None
    trial, began = Trial(), time.monotonic()
    kinesis = KinesisVideo(settings.kinesis_video_endpoint)
    trust = SourceTrust(settings.source_certificates)
    with LiveReader(address, networks=networks, trust=trust, folders=folders, kinesis=kinesis) as reader:
        until = began + _PATIENCE
        while time.monotonic() < until and not trial.state.is_final:
            sample, trial.state = reader.ask(0.5), reader.state
            if sample is None:
                continue
            is_first = trial.first is None
            if is_first:
                trial.first = time.monotonic() - began
            _count(trial, sample, counting)
            if is_first:  # the models took their time, which isn't the source's
                began = time.monotonic()
                until = began + seconds
            trial.seconds = time.monotonic() - began
    return trial


def _count(trial: Trial, sample: LiveSample, counting: FaceCounting) -> None:
    trial.samples += 1
    trial.moving += not sample.is_still
    faces = counting.observe(sample)
    if faces > trial.faces:
        trial.faces, trial.shown = faces, sample
    trial.passed = counting.passed
