"""`regard doctor`."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from regard.cli.options import DataFolder, joined_buckets
from regard.cli.printing import print_json, say
from regard.doctor.examination import examine
from regard.doctor.symptom import Health, Symptom
from regard.settings import Settings

_WIDTH = 15


def doctor(
    data: DataFolder = None,
    bucket: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER: the folder that the server serves as bucket NAME.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Read no large files, such as models.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Say what is wrong with an installation, and what to do; 1 where something is a fault.

    What the first start makes is told as not yet there, which is no fault.
    """
    settings = Settings.load(data=data, buckets=joined_buckets(bucket))
    found: list[Symptom] = []
    for symptom in examine(settings, quick=quick):
        found.append(symptom)
        if not as_json:
            _print(symptom)
    counts = Counter(one.health for one in found)
    worst = next(one for one in reversed(Health) if counts[one])
    if as_json:
        print_json(
            {
                "Health": worst,
                "Symptoms": [
                    {"Part": one.part, "Health": one.health, "Said": one.said, "Advice": one.advice}
                    for one in found
                ],
            }
        )
    else:
        say(", ".join(f"{health}: {counts[health]}" for health in Health) + ".")
    if worst is Health.FAULT:
        raise typer.Exit(1)


def _print(symptom: Symptom) -> None:
    say(f"{symptom.health:<8} {symptom.part:<{_WIDTH}} {symptom.said}")
    if symptom.health is not Health.OK:
        say(f"{'':<8} {'':<{_WIDTH}} → {symptom.advice}")
