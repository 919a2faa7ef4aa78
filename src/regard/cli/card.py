"""`regard models card`: what a pack's face model was measured to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from regard.cli.printing import print_json, print_table, say, say_point
from regard.collections.face_models import FaceModels
from regard.evaluation.card import ModelCard
from regard.presentation.audits.card_tables import (
    attribute_metric_table,
    gallery_table,
    group_tables,
    threshold_table,
)
from regard.settings import Settings


def card(
    name: Annotated[
        str | None, typer.Argument(metavar="PACK", help="A pack's name; REGARD_PACK, else `default`.")
    ] = None,
    face_model: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A FaceModelVersion; REGARD_FACE_MODEL, else the newest."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print a face model's card: error rates by threshold, group and size of a gallery, and limits."""
    settings = Settings.load(pack=name)
    version = face_model or FaceModels(default=settings.face_model).default.version
    found = ModelCard.load(settings.pack, version)
    if as_json:
        print_json(found.facts())
        return
    _print(found)


def _print(found: ModelCard) -> None:
    say(f"Face model {found.model} of the pack {found.pack}")
    say(f"Measured on {found.data}: {found.pictures:,} pictures of {found.people:,} people.")
    _heading("Telling people apart")
    print_table(threshold_table(found))
    _heading("Searches of a gallery that find somebody although the person is not in it, in percent")
    print_table(gallery_table(found))
    for groups in found.groups:
        _heading(f"By {groups.column}: {groups.data}")
        for table in group_tables(groups):
            print_table(table)
    if found.attributes:
        _heading("Attributes")
        print_table(attribute_metric_table(found.attributes))
    _heading("How it was measured")
    _bullets(found.method)
    _heading("What was trained for it, and on what")
    _bullets(f"{one.head} ({one.made_by}): {one.data}. {one.terms}" for one in found.training)
    _heading("Limits")
    _bullets(found.limits)


def _heading(text: str) -> None:
    typer.echo()
    say(text)


def _bullets(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        say_point(sentence)
