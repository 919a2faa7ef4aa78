"""A model card's figures as tables. `*` marks a rate that was extrapolated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regard.evaluation.card import AttributeMetric, CardGroup, GroupTable, Measured, ModelCard
from regard.presentation.numbers import per_million, percent, span
from regard.presentation.tables import Header, Table, broken, numbers


def threshold_table(card: ModelCard) -> Table:
    """What each threshold does: false matches among strangers, and how often a person is recognised."""
    rows = [
        (
            f"{rate.threshold:g} %",
            f"{rate.distance:.3f}",
            _million(rate.false_match),
            "–" if rate.true_match is None else _share(rate.true_match),
        )
        for rate in card.rates
    ]
    rates = numbers("Distance", "False matches per million", "Same person found")
    return Table([Header("Threshold"), *rates], rows)


def gallery_table(card: ModelCard) -> Table:
    """How often a search finds somebody although the person isn't there, in percent, by size of gallery."""
    thresholds = list(dict.fromkeys(rate.threshold for rate in card.galleries))
    by_size: dict[int, dict[float, Measured]] = {}
    for rate in card.galleries:
        by_size.setdefault(rate.size, {})[rate.threshold] = rate.false_positive
    rows = [
        (f"{size:,}", *(_number(rates[threshold]) for threshold in thresholds))
        for size, rates in by_size.items()
    ]
    headers = [Header("People in it"), *numbers(*(f"at {threshold:g} %" for threshold in thresholds))]
    return Table(headers, rows)


def group_tables(groups: GroupTable) -> Iterator[Table]:
    """How often strangers of one group are matched, and, where it was measured, people are found."""
    thresholds = list(dict.fromkeys(rate.threshold for group in groups.groups for rate in group.rates))
    wrong = (f"per million, {threshold:g} %" for threshold in thresholds)
    yield Table(
        [*broken(""), *numbers("People", *wrong)],
        [
            (group.name, f"{group.people:,}", *(_million(rate.false_match) for rate in group.rates))
            for group in groups.groups
        ],
    )
    if any(_true_matches(group) for group in groups.groups):
        found = (f"found at {threshold:g} %" for threshold in thresholds)
        yield Table(
            [*broken(""), *numbers(*found)],
            [(group.name, *(_share(rate) for rate in _true_matches(group))) for group in groups.groups],
        )


def attribute_metric_table(metrics: Sequence[AttributeMetric]) -> Table:
    """How well each attribute of a face is told."""
    rows = []
    for metric in metrics:
        value = f"{metric.value:g}"
        if metric.low is not None and metric.high is not None:
            value += f" ({metric.low:g}–{metric.high:g})"
        rows.append((metric.attribute, metric.metric, value, f"{metric.count:,}", metric.data))
    return Table([Header("Attribute"), Header("Metric"), *numbers("", "Faces"), *broken("Of")], rows)


def _true_matches(group: CardGroup) -> list[Measured]:
    return [rate.true_match for rate in group.rates if rate.true_match is not None]


def _million(rate: Measured) -> str:
    return _marked(rate, span(rate.value, rate.low, rate.high, per_million))


def _share(rate: Measured) -> str:
    return _marked(rate, span(rate.value, rate.low, rate.high, percent))


def _number(rate: Measured) -> str:
    """A share in percent, without the sign, which would not fit."""
    return _share(rate).replace(" %", "")


def _marked(rate: Measured, text: str) -> str:
    return f"{text}*" if rate.extrapolated else text
