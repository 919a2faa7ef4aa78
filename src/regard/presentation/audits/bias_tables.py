"""What `regard audit bias` measured, as tables that fit into 80 columns."""

from __future__ import annotations

from collections.abc import Callable

from regard.evaluation.bias import BiasAudit, Column, Group
from regard.evaluation.intervals import Mean
from regard.presentation.numbers import per_million, percent, with_interval
from regard.presentation.tables import Table, broken, numbers, whole


def group_table(column: Column) -> Table:
    """How many people and pictures each group has, and what else than matching was measured."""
    extra: list[tuple[str, Callable[[Group], str]]] = []
    if any(group.age_error for group in column.groups):
        extra.append(("Age off", lambda group: _years(group.age_error)))
        extra.append(("Too old", lambda group: _years(group.age_shift, signed=True)))
    if any(group.gender_error for group in column.groups):
        extra.append(("Gender wrong", lambda group: with_interval(group.gender_error, percent)))
    rows = [
        (
            group.name,
            f"{group.people:,}",
            f"{group.pictures:,}",
            with_interval(group.not_found, percent),
            *(show(group) for _, show in extra),
        )
        for group in column.groups
    ]
    counted = numbers("People", "Pictures", "Without a face", *(name for name, _ in extra))
    return Table([*broken(column.name), *counted], rows)


def rate_table(column: Column, threshold: float) -> Table:
    """How often people of each group are mistaken for others, and missed, at a threshold in percent."""
    rows = []
    for group in column.groups:
        wrong, missed = group.false_match[threshold], group.false_non_match[threshold]
        trials = "–" if wrong is None else f"{wrong.trials:,}"
        rows.append((group.name, trials, with_interval(wrong, per_million), with_interval(missed, percent)))
    rates = numbers("Pairs of people", "False matches per million", "Same person missed")
    return Table([*broken(f"At {threshold:g} %"), *rates], rows)


def nearest_strangers_table(audit: BiasAudit) -> Table:
    """The most similar pictures that are said to show two people."""
    rows = [(pair.first, pair.second, f"{pair.similarity:.2f} %") for pair in audit.nearest_strangers]
    return Table([*broken("One", "Other"), *whole("")], rows)


def _years(mean: Mean | None, *, signed: bool = False) -> str:
    return "–" if mean is None else f"{mean.value:{'+' if signed else ''}.1f} y"
