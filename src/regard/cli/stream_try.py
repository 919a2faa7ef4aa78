"""`regard streams try`: what a source gives, before a stream processor is made of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.stream_trial import LONGER, SURE, FaceCounting, Trial, read_trial
from regard.errors import RegardError
from regard.evaluation.card import Measured, ModelCard
from regard.evaluation.false_alerts import FalseAlertRate
from regard.presentation.streams import false_alert_sentences
from regard.settings import Settings
from regard.video.live.following import MAX_SEARCHES
from regard.video.live.samples import LiveSample
from regard.video.live.stills import frame_still

_WANTED = 40  # px of a face that is searched for well


def try_stream(
    source: Annotated[str, typer.Argument(metavar="URL", help="The source, as a stream processor names it.")],
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="How long it is read, once it has a picture.")
    ] = 10,
    collection: Annotated[
        str | None, typer.Option(help="A collection: say how many false alerts a search of it would raise.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=80, max=100, help="How alike faces must be for that, in percent.")
    ] = 80.0,
    data: DataFolder = None,
) -> None:
    """Read a source for some seconds; say what it gives, how many faces pass, and how large they are."""
    settings = Settings.load(data=data)
    with ExitStack() as opened:
        counting = FaceCounting(lambda: opened.enter_context(local_gate(data, existing=True)))
        trial = read_trial(source, settings, seconds, counting)
        for sentence in _sentences(trial):
            say(sentence)
        if trial.shown is None:
            raise typer.Exit(1)
        for sentence in _faces(counting.gate, trial.shown):
            say(sentence)
        if collection is not None:
            for sentence in _expected(counting.gate, settings, collection, threshold, trial):
                say(sentence)


def _sentences(trial: Trial) -> list[str]:
    state = trial.state
    if trial.first is None:
        return [f"No picture has come. {state.why or 'It was still connecting.'}"]
    rate = "" if state.rate is None else f", {state.rate:g} frames/s"
    said = [
        f"{state.codec} {state.width} × {state.height}{rate}; the first picture after {trial.first:.1f} s.",
        f"{trial.samples} samples; something moved, or all was to be seen, in {trial.moving} of them.",
        f"{_faces_passed(trial.passed)} in {trial.seconds:.0f} s, {_a_day(trial) / 1440:.1f} a minute.",
    ]
    return said if state.why is None else [*said, state.why]


def _faces(gate: LocalGate, sample: LiveSample) -> Sequence[str]:
    """The faces of one picture, and what finding them takes; the gate is asked, as for any picture."""
    picture = frame_still(sample.image.pixels(), longer=LONGER)
    gate.call("detect_faces", Image={"Bytes": picture})  # once the models are loaded it is timed
    began = time.process_time()
    found: list[dict[str, Any]] = gate.call("detect_faces", Image={"Bytes": picture})["FaceDetails"]
    spent = time.process_time() - began
    widths = [one["BoundingBox"]["Width"] * sample.width for one in found if one["Confidence"] >= SURE]
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


def _expected(
    gate: LocalGate, settings: Settings, collection: str, threshold: float, trial: Trial
) -> Iterator[str]:
    """How many false alerts a search of a collection would raise, passed as many all day."""
    found = gate.call("describe_collection", CollectionId=collection)
    passers = _a_day(trial)
    try:
        card = ModelCard.load(settings.pack, found["FaceModelVersion"])
        rate = FalseAlertRate.of(card, threshold, found["FaceCount"], MAX_SEARCHES)
    except (RegardError, ValueError) as error:
        yield from false_alert_sentences({"Unknown": str(error)})
        return
    yield from false_alert_sentences(
        {
            "Faces": rate.faces,
            "PerPasser": _bounds(rate.per_passer),
            "PassersADay": passers,
            "ExpectedADay": _bounds(rate.expected(passers)),
        }
    )
    yield "That is what these seconds come to, if they were like the whole day."


def _bounds(number: Measured) -> dict[str, float]:
    return {"Value": number.value, "Low": number.low, "High": number.high}


def _a_day(trial: Trial) -> float:
    return 86_400 * trial.passed / max(trial.seconds, 1.0)


def _faces_passed(count: int) -> str:
    return "1 face passed" if count == 1 else f"{count} faces passed"
