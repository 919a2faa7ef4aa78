"""`regard moderate FOLDER --report`: how many pictures of a site's own get a moderation label."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from regard.cli.auditing import say_unreadable
from regard.cli.local import LocalGate
from regard.cli.options import read_picture
from regard.cli.printing import print_json, print_table, say
from regard.cli.progress import step_bars
from regard.errors import RegardError
from regard.evaluation.dataset import read_dataset
from regard.evaluation.moderation import THRESHOLDS, ModeratedPicture, ModerationReport, measure
from regard.presentation.audits.moderation_tables import moderation_rate_table, surest_table
from regard.presentation.audits.record import plain
from regard.presentation.pictures.moderation import NO_PARTS, NOT_DETECTED
from regard.presentation.wording import count

_LISTED = 20  # pictures


def report_moderation(gate: LocalGate, folder: Path, *, adapter: Mapping[str, str], as_json: bool) -> None:
    """Moderates every picture below a folder and prints the rates. `adapter` is what requests say of one.
    Raises RegardError where there is no picture.
    """
    report = _measured(gate, folder, adapter, silent=as_json)
    if as_json:
        print_json(plain(report))
        return
    say_unreadable(report.unreadable)
    for label in report.labels:
        say(f"{label}, at least so sure (percent):")
        print_table(moderation_rate_table(report, label))
        typer.echo()
    flagged = sum(bool(picture.labels) for picture in report.pictures)
    if flagged:
        say("The surest:")
        print_table(surest_table(report, _LISTED))
        typer.echo()
        say("In brackets: the interval that a rate is in with 95 % confidence.")
    say(f"{count(flagged, 'picture')} of {len(report.pictures):,} with a label from {THRESHOLDS[0]:g} % on.")
    say("In a folder of pictures that ought to have it, the rate is what is found; else, false alarms.")
    say(NOT_DETECTED)
    if not gate.parts.models.nudity.finds_parts():
        say(NO_PARTS)


def _measured(gate: LocalGate, folder: Path, adapter: Mapping[str, str], *, silent: bool) -> ModerationReport:
    samples = read_dataset(folder, required=False).samples
    pictures, unreadable = [], []
    with step_bars(hidden=silent) as told:
        for done, sample in enumerate(samples, 1):
            try:
                answer = gate.call(
                    "detect_moderation_labels",
                    Image={"Bytes": read_picture(sample.file)},
                    MinConfidence=THRESHOLDS[0],
                    **adapter,
                )
            except RegardError as error:
                unreadable.append((sample.name, str(error)))
            else:
                labels = {
                    label["Name"]: label["Confidence"]
                    for label in answer["ModerationLabels"]
                    if label["TaxonomyLevel"] == 1
                }
                pictures.append(ModeratedPicture(Path(sample.name).as_posix(), labels))
            told("Moderated", done, len(samples))
    if not pictures:
        raise RegardError(f"No picture in {folder} could be read: {unreadable[0][1]}")
    return measure(pictures, unreadable)
