"""What `regard audit bias` prints: 80 columns wide."""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.table import Column as Header

from regard.cli.auditing import say_unreadable
from regard.cli.printing import add_row, print_table, say, say_point, table
from regard.evaluation.bias import BiasAudit, Column, Group
from regard.evaluation.intervals import Mean
from regard.presentation.audits.verdicts import bias_verdicts
from regard.presentation.numbers import per_million, percent, with_interval
from regard.presentation.wording import count


def print_audit(audit: BiasAudit) -> None:
    say_unreadable(audit.unreadable)
    everyone = audit.everyone
    people = "1 person" if everyone.people == 1 else f"{everyone.people:,} people"
    say(
        f"{count(everyone.pictures, 'picture')} of {people}: {count(len(audit.no_face), 'picture')} without "
        f"a face, {count(len(audit.unreadable), 'file')} unreadable. Face model {audit.model}."
    )
    for name in audit.left_out:
        say(f"The column {name} has too many values for groups and is left out; --group {name} takes it.")
    if not audit.columns:
        say("The labels have no group column: only the rates of everyone are measured.")
        _print_column(Column("", (everyone,), 0), audit.thresholds)
    verdicts = bias_verdicts(audit)
    for column in audit.columns:
        unknown = f" ({count(column.unknown, 'picture')} without one)" if column.unknown else ""
        typer.echo()
        say(f"By {column.name}{unknown}")
        _print_column(column, audit.thresholds)
        for sentence in verdicts[column.name]:
            say_point(sentence)
    if audit.most_alike:
        typer.echo()
        say("Most alike of pictures that are said to show two people. Do they?")
        rows = table(*(Header(name, overflow="fold") for name in ("One", "Other")), Header("", no_wrap=True))
        for pair in audit.most_alike:
            add_row(rows, (pair.first, pair.second, f"{pair.similarity:.2f} %"))
        print_table(rows)
    typer.echo()
    say("In brackets: the interval that a rate is in with 95 % confidence.")


def _print_column(column: Column, thresholds: tuple[float, ...]) -> None:
    extra: list[tuple[str, Callable[[Group], str]]] = []
    if any(group.age_error for group in column.groups):
        extra.append(("Age off", lambda group: _years(group.age_error)))
        extra.append(("Too old", lambda group: _years(group.age_shift, signed=True)))
    if any(group.gender_error for group in column.groups):
        extra.append(("Gender wrong", lambda group: with_interval(group.gender_error, percent)))
    headers = ("People", "Pictures", "Without a face", *(name for name, _ in extra))
    rows = table(Header(column.name or "", overflow="fold"), *map(_right, headers))
    for group in column.groups:
        cells = f"{group.people:,}", f"{group.pictures:,}", with_interval(group.not_found, percent)
        add_row(rows, (group.name, *cells, *(show(group) for _, show in extra)))
    print_table(rows)
    for threshold in thresholds:
        headers = "Pairs of people", "False matches per million", "Same person missed"
        rows = table(Header(f"At {threshold:g} %", overflow="fold"), *map(_right, headers))
        for group in column.groups:
            wrong, missed = group.false_match[threshold], group.false_non_match[threshold]
            trials = "–" if wrong is None else f"{wrong.trials:,}"
            add_row(
                rows, (group.name, trials, with_interval(wrong, per_million), with_interval(missed, percent))
            )
        print_table(rows)


def _right(name: str) -> Header:
    return Header(name, justify="right")


def _years(mean: Mean | None, *, signed: bool = False) -> str:
    return "–" if mean is None else f"{mean.value:{'+' if signed else ''}.1f} y"
