"""`regard streams try`: what a source gives, before a stream processor is made of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.errors import RegardError
from regard.settings import Settings
from regard.streams.kinesis_video import KinesisVideo
from regard.video.live.address import SourceAddress
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks
from regard.video.live.reader import LiveReader
from regard.video.live.samples import LiveSample, SourceState, SourceWord
from regard.video.live.stills import frame_still

_LONGER = 1920  # px of the picture that faces are counted in
_PATIENCE = 30.0  # seconds that its first picture is waited for
_WANTED = 40  # px of a face that is searched for well


@dataclass(slots=True)
class _Trial:
    """What a source gave: the seconds until its first picture, its samples, how many of them moved."""

    first: float | None = None
    samples: int = 0
    moving: int = 0
    shown: LiveSample | None = None
    state: SourceState = field(default_factory=lambda: SourceState(SourceWord.CONNECTING))


def try_stream(
    source: Annotated[str, typer.Argument(metavar="URL", help="The source, as a stream processor names it.")],
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="How long it is read, once it has a picture.")
    ] = 10,
    data: DataFolder = None,
) -> None:
    """Read a source for some seconds, and say what it gives and which faces a picture of it shows."""
    settings = Settings.load(data=data)
    trial = _read(source, settings, seconds)
    for sentence in _sentences(trial):
        say(sentence)
    if trial.shown is None:
        raise typer.Exit(1)
    with local_gate(data, existing=True) as gate:
        for sentence in _faces(gate, trial.shown):
            say(sentence)


def _read(source: str, settings: Settings, seconds: float) -> _Trial:
    """Raises RegardError for what is no source."""
    try:
        address = SourceAddress.parse(source)
        networks, folders = (
            AllowedNetworks.parse(settings.sources),
            AllowedFolders.parse(settings.stream_folders),
        )
    except ValueError as error:
        raise RegardError(str(error)) from None
    trial, began = _Trial(), time.monotonic()
    kinesis = KinesisVideo(settings.kinesis_video_endpoint)
    with LiveReader(address, networks=networks, folders=folders, kinesis=kinesis) as reader:
        until = began + _PATIENCE
        while time.monotonic() < until and not trial.state.is_final:
            sample, trial.state = reader.ask(0.5), reader.state
            if sample is None:
                continue
            if trial.first is None:
                trial.first, until = time.monotonic() - began, time.monotonic() + seconds
            trial.samples += 1
            moves = not sample.is_still
            trial.moving += moves
            if moves or trial.shown is None:
                trial.shown = sample
    return trial


def _sentences(trial: _Trial) -> list[str]:
    state = trial.state
    if trial.first is None:
        return [f"No picture has come. {state.why or 'It was still connecting.'}"]
    rate = "" if state.rate is None else f", {state.rate:g} frames/s"
    said = [
        f"{state.codec} {state.width} × {state.height}{rate}; the first picture after {trial.first:.1f} s.",
        f"{trial.samples} samples; something moved, or all was to be seen, in {trial.moving} of them.",
    ]
    return said if state.why is None else [*said, state.why]


def _faces(gate: LocalGate, sample: LiveSample) -> Sequence[str]:
    """The faces of the last picture in which something moved; the gate is asked, as for any picture."""
    picture = frame_still(sample.image.pixels(), longer=_LONGER)
    gate.call("detect_faces", Image={"Bytes": picture})  # once the models are loaded it is timed
    began = time.process_time()
    found: list[dict[str, Any]] = gate.call("detect_faces", Image={"Bytes": picture})["FaceDetails"]
    spent = time.process_time() - began
    widths = [one["BoundingBox"]["Width"] * sample.width for one in found]
    said = "No face is in it."
    if widths:
        named = "1 face is" if len(widths) == 1 else f"{len(widths)} faces are"
        said = (
            f"{named} in it, from {min(widths):.0f} pixels of width on; {_WANTED} and more are searched well."
        )
    return [
        said,
        f"To examine all of a picture takes {1000 * spent:.0f} ms of a core or less, so that four a second "
        f"take {400 * spent:.0f} % of one; only where something moves is examined.",
    ]
