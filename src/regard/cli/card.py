"""`regard models card`: what a pack's face model was measured to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column

from regard.cli.printing import add_row, print_json, print_table, say, say_point, table

if TYPE_CHECKING:
    from regard.evaluation.card import AttributeMetric, CardGroup, GroupTable, Measured, ModelCard


def card(
    name: Annotated[
        str | None, typer.Argument(metavar="PACK", help="A pack's name; REGARD_PACK, else `default`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print a pack's model card: error rates by threshold, group and size of a gallery, and limits."""
    # NumPy takes a while to import; `regard --help` should not.
    from regard.evaluation.card import ModelCard
    from regard.settings import Settings

    found = ModelCard.load(Settings.load(pack=name).pack)
    if as_json:
        print_json(found.facts())
        return
    _print(found)


def _print(found: ModelCard) -> None:
    say(f"Face model {found.model} of the pack {found.pack}")
    say(f"Measured on {found.data}: {found.pictures:,} pictures of {found.people:,} people.")
    _heading("Telling people apart")
    rows = table("Threshold", *_right("Distance", "False matches per million", "Same person found"))
    for rate in found.rates:
        true = "–" if rate.true_match is None else _share(rate.true_match)
        add_row(rows, (f"{rate.threshold:g} %", f"{rate.distance:.3f}", _million(rate.false_match), true))
    print_table(rows)
    _heading("Searches of a gallery that find somebody although the person is not in it, in percent")
    _print_galleries(found)
    for groups in found.groups:
        _heading(f"By {groups.column}: {groups.data}")
        _print_groups(groups)
    if found.attributes:
        _heading("Attributes")
        _print_attributes(found.attributes)
    _heading("How it was measured")
    _bullets(found.method)
    _heading("What was trained for it, and on what")
    _bullets(f"{one.head} ({one.made_by}): {one.data}. {one.terms}" for one in found.training)
    _heading("Limits")
    _bullets(found.limits)


def _print_galleries(found: ModelCard) -> None:
    thresholds = list(dict.fromkeys(rate.threshold for rate in found.galleries))
    by_size: dict[int, dict[float, Measured]] = {}
    for rate in found.galleries:
        by_size.setdefault(rate.size, {})[rate.threshold] = rate.false_positive
    rows = table("People in it", *_right(*(f"at {threshold:g} %" for threshold in thresholds)))
    for size, rates in by_size.items():
        add_row(rows, (f"{size:,}", *(_number(rates[threshold]) for threshold in thresholds)))
    print_table(rows)


def _print_groups(groups: GroupTable) -> None:
    thresholds = list(dict.fromkeys(rate.threshold for group in groups.groups for rate in group.rates))
    wrong = (f"per million, {threshold:g} %" for threshold in thresholds)
    rows = table(Column("", overflow="fold"), *_right("People", *wrong))
    for group in groups.groups:
        cells = (_million(rate.false_match) for rate in group.rates)
        add_row(rows, (group.name, f"{group.people:,}", *cells))
    print_table(rows)
    if any(_found(group) for group in groups.groups):
        rows = table(
            Column("", overflow="fold"), *_right(*(f"found at {threshold:g} %" for threshold in thresholds))
        )
        for group in groups.groups:
            add_row(rows, (group.name, *(_share(rate) for rate in _found(group))))
        print_table(rows)


def _print_attributes(metrics: tuple[AttributeMetric, ...]) -> None:
    rows = table("Attribute", "Metric", *_right("", "Faces"), Column("Of", overflow="fold"))
    for metric in metrics:
        value = f"{metric.value:g}"
        if metric.low is not None and metric.high is not None:
            value += f" ({metric.low:g}–{metric.high:g})"
        add_row(rows, (metric.attribute, metric.metric, value, f"{metric.count:,}", metric.data))
    print_table(rows)


def _found(group: CardGroup) -> list[Measured]:
    return [rate.true_match for rate in group.rates if rate.true_match is not None]


def _right(*names: str) -> list[Column]:
    return [Column(name, justify="right") for name in names]


def _million(rate: Measured) -> str:
    from regard.presentation.numbers import per_million, span

    return _marked(rate, span(rate.value, rate.low, rate.high, per_million))


def _share(rate: Measured) -> str:
    from regard.presentation.numbers import percent, span

    return _marked(rate, span(rate.value, rate.low, rate.high, percent))


def _number(rate: Measured) -> str:
    """A share in percent, without the sign, which would not fit."""
    return _share(rate).replace(" %", "")


def _marked(rate: Measured, text: str) -> str:
    return f"{text}*" if rate.extrapolated else text


def _heading(text: str) -> None:
    typer.echo()
    say(text)


def _bullets(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        say_point(sentence)
