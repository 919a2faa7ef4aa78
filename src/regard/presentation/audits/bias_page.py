"""The report of `regard audit bias`."""

from __future__ import annotations

from collections.abc import Iterator

from regard.evaluation.bias import BiasAudit, Column, Group
from regard.evaluation.intervals import Mean
from regard.presentation.audits.page import heading, page, paragraph, plots, table, verdicts
from regard.presentation.audits.plots import rate_plot
from regard.presentation.audits.verdicts import bias_verdicts
from regard.presentation.numbers import per_million, percent, with_interval

_HOW = (
    "False match rate: of all pairs of two people of one group, the share that is taken for one person; "
    "every pair of people weighs the same. False non-match rate: of pairs of pictures of one person, the "
    "share that is not recognised; every person weighs the same. The bars are 95 % intervals, which count "
    "that pairs of one person depend on each other. A difference is called real when it is sure to 95 %, "
    "whichever groups had been compared. An open circle is a rate of zero among the pairs that there were; "
    "its bar says how high it may be."
)
_LISTED = 200


def bias_page(audit: BiasAudit) -> str:
    return page("Face recognition by group", _body(audit))


def _body(audit: BiasAudit) -> Iterator[str]:
    everyone = audit.everyone
    yield paragraph(
        f"{everyone.pictures:,} pictures of {everyone.people:,} people, {everyone.faces:,} with a face. "
        f"Face model {audit.model}."
    )
    yield table(
        ("Everyone", "Pairs of people", "False matches, per million pairs", "False non-matches"),
        (
            (
                f"At {at:g} %",
                _trials(everyone, at),
                with_interval(everyone.false_match[at], per_million),
                with_interval(everyone.false_non_match[at], percent),
            )
            for at in audit.thresholds
        ),
    )
    said = bias_verdicts(audit)
    for column in audit.columns:
        yield from _column(column, audit.thresholds, said[column.name])
    if audit.most_alike:
        yield heading("Most alike of pictures that are said to show two people")
        yield paragraph(
            "Where a pair shows one person, the labels are wrong, and the false match rates too high."
        )
        yield table(
            ("One", "Other", "Similarity"),
            ((pair.first, pair.second, f"{pair.similarity:.2f} %") for pair in audit.most_alike),
            paths=True,
        )
    yield heading("How to read this")
    yield paragraph(_HOW)
    for name in audit.left_out:
        yield paragraph(f"The column {name} has too many values for groups and is left out.")
    yield from _files(audit)


def _column(column: Column, thresholds: tuple[float, ...], said: list[str]) -> Iterator[str]:
    yield heading(f"By {column.name}")
    yield verdicts(said)
    if column.unknown:
        yield paragraph(f"{column.unknown:,} pictures have no {column.name} in the labels.", soft=True)
    yield plots(
        (
            f"False matches at {at:g} %, per million pairs",
            rate_plot(
                f"False match rate at {at:g} % by {column.name}",
                {group.name: group.false_match[at] for group in column.groups},
                per_million,
            ),
        )
        for at in thresholds
    )
    yield plots(
        (
            f"False non-matches at {at:g} %",
            rate_plot(
                f"False non-match rate at {at:g} % by {column.name}",
                {group.name: group.false_non_match[at] for group in column.groups},
                percent,
            ),
        )
        for at in thresholds
        if any(group.false_non_match[at] for group in column.groups)
    )
    yield table(*_faces(column))


def _faces(column: Column) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows of what else was measured."""
    header: tuple[str, ...] = (column.name.capitalize(), "People", "Pictures", "Without a face")
    ages = any(group.age_error for group in column.groups)
    genders = any(group.gender_error for group in column.groups)
    header += ("Age off by, years", "Too old by, years") if ages else ()
    header += ("Gender wrong",) if genders else ()
    rows = []
    for group in column.groups:
        row: tuple[str, ...] = (group.name, f"{group.people:,}", f"{group.pictures:,}")
        row += (with_interval(group.not_found, percent),)
        row += (_years(group.age_error), _years(group.age_shift)) if ages else ()
        rows.append(row + ((with_interval(group.gender_error, percent),) if genders else ()))
    return header, rows


def _files(audit: BiasAudit) -> Iterator[str]:
    if audit.no_face:
        yield heading("Pictures without a face")
        yield paragraph(_listed(audit.no_face), soft=True)
    if audit.unreadable:
        yield heading("Files that could not be read")
        yield table(("File", ""), audit.unreadable[:_LISTED], paths=True)


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _trials(group: Group, at: float) -> str:
    rate = group.false_match[at]
    return "–" if rate is None else f"{rate.trials:,}"


def _years(mean: Mean | None) -> str:
    return "–" if mean is None else f"{mean.value:.1f} ({mean.low:.1f} – {mean.high:.1f})"
