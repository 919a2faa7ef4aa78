"""The report of `regard audit bias`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from regard.evaluation.bias import BiasAudit, Column, Group
from regard.evaluation.intervals import Mean, Rate
from regard.presentation.audits.plots import RatePlot, rate_plot
from regard.presentation.audits.verdicts import Verdict, bias_verdicts, ranked
from regard.presentation.numbers import per_million, percent, with_interval
from regard.presentation.pages import render
from regard.presentation.tables import Header, Table, broken

_MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class _GroupColumn:
    """What the page tells of one column of groups."""

    name: str
    verdicts: Sequence[Verdict]
    unknown: int
    false_matches: Sequence[RatePlot]
    false_non_matches: Sequence[RatePlot]
    table: Table


def bias_page(audit: BiasAudit) -> str:
    """The whole report as HTML that needs no network."""
    verdicts = bias_verdicts(audit)
    alike = [(pair.first, pair.second, f"{pair.similarity:.2f} %") for pair in audit.nearest_strangers]
    return render(
        "bias.html",
        title="Face recognition by group",
        audit=audit,
        everyone=_everyone(audit),
        columns=[_part(column, audit.thresholds, verdicts[column.name]) for column in audit.columns],
        nearest_strangers=Table([*broken("One", "Other"), Header("Similarity")], alike),
        unreadable=Table([*broken("File"), Header("")], audit.unreadable[:_MAX_LISTED]),
        max_listed=_MAX_LISTED,
    )


def _everyone(audit: BiasAudit) -> Table:
    everyone = audit.everyone
    rows = [
        (
            f"At {at:g} %",
            _trials(everyone, at),
            with_interval(everyone.false_match[at], per_million),
            with_interval(everyone.false_non_match[at], percent),
        )
        for at in audit.thresholds
    ]
    names = "Everyone", "Pairs of people", "False matches, per million pairs", "False non-matches"
    return Table([Header(name) for name in names], rows)


def _part(column: Column, thresholds: Sequence[float], verdicts: Sequence[str]) -> _GroupColumn:
    def plots(
        caption: str, title: str, rate: Callable[[Group, float], Rate | None], show: Callable[[float], str]
    ) -> list[RatePlot]:
        drawn = (
            rate_plot(
                caption.format(at=at),
                f"{title} at {at:g} % by {column.name}",
                {group.name: rate(group, at) for group in column.groups},
                show,
            )
            for at in thresholds
        )
        return [plot for plot in drawn if plot is not None]

    return _GroupColumn(
        name=column.name,
        verdicts=ranked(verdicts),
        unknown=column.unknown,
        false_matches=plots(
            "False matches at {at:g} %, per million pairs",
            "False match rate",
            lambda group, at: group.false_match[at],
            per_million,
        ),
        false_non_matches=plots(
            "False non-matches at {at:g} %",
            "False non-match rate",
            lambda group, at: group.false_non_match[at],
            percent,
        ),
        table=_group_table(column),
    )


def _group_table(column: Column) -> Table:
    """What was measured beside matching."""
    names: tuple[str, ...] = (column.name.capitalize(), "People", "Pictures", "Without a face")
    ages = any(group.age_error for group in column.groups)
    genders = any(group.gender_error for group in column.groups)
    names += ("Age off by, years", "Too old by, years") if ages else ()
    names += ("Gender wrong",) if genders else ()
    rows = []
    for group in column.groups:
        row: tuple[str, ...] = (group.name, f"{group.people:,}", f"{group.pictures:,}")
        row += (with_interval(group.not_found, percent),)
        row += (_years(group.age_error), _years(group.age_shift)) if ages else ()
        rows.append(row + ((with_interval(group.gender_error, percent),) if genders else ()))
    return Table([Header(name) for name in names], rows)


def _trials(group: Group, at: float) -> str:
    rate = group.false_match[at]
    return "–" if rate is None else f"{rate.trials:,}"


def _years(mean: Mean | None) -> str:
    return "–" if mean is None else f"{mean.value:.1f} ({mean.low:.1f} – {mean.high:.1f})"
