"""What `regard moderate --report` measured, as tables that fit into 80 columns."""

from __future__ import annotations

from regard.evaluation.moderation import THRESHOLDS, ModerationReport
from regard.presentation.numbers import percent, span
from regard.presentation.tables import Header, Table, broken, numbers, whole


def moderation_rate_table(report: ModerationReport, label: str) -> Table:
    """How many pictures of each folder get a label of level 1, by the confidence from which on."""
    rows = [
        (
            one.group,
            f"{one.pictures:,}",
            span(first.value, first.low, first.high, percent),
            *(percent(one.rates[threshold].value) for threshold in THRESHOLDS[1:]),
        )
        for one in report.labels[label]
        for first in [one.rates[THRESHOLDS[0]]]
    ]
    names = (f"{threshold:g}" for threshold in THRESHOLDS)
    return Table([*broken("Folder"), *numbers("Pictures", *names)], rows)


def surest_table(report: ModerationReport, count: int) -> Table:
    """The pictures that are surest to have any label, at most `count`."""
    found = [
        (sure, picture.name, label) for picture in report.pictures for label, sure in picture.labels.items()
    ]
    rows = [(f"{sure:.2f} %", name, label) for sure, name, label in sorted(found, reverse=True)[:count]]
    return Table([*whole("Confidence"), *broken("Picture"), Header("Label")], rows)
