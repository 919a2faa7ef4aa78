"""The report of `regard audit watchlist`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regard.evaluation.watchlist import Share, WatchlistAudit
from regard.presentation.audits.plots import RatePlot, rate_plot
from regard.presentation.audits.verdicts import ranked, watchlist_verdicts
from regard.presentation.numbers import percent, with_interval
from regard.presentation.pages import render
from regard.presentation.tables import Header, Table, broken


@dataclass(frozen=True, slots=True)
class _ShareColumn:
    """What the page tells of one column of groups."""

    name: str
    plots: Sequence[RatePlot]
    table: Table


def watchlist_page(audit: WatchlistAudit) -> str:
    """The whole report as HTML that needs no network."""
    found = [
        (f"{at:g} %", with_interval(rate, percent)) for at, rate in audit.found.items() if rate is not None
    ]
    said = watchlist_verdicts(audit)
    everyone, groups = said[: len(audit.thresholds)], said[len(audit.thresholds) :]
    worst = [(match.probe, match.gallery, f"{match.similarity:.2f} %") for match in audit.worst]
    return render(
        "watchlist.html",
        title="Wrong matches with a watch list",
        audit=audit,
        everyone=ranked(everyone),
        groups=ranked(groups),
        columns=[_part(name, shares, audit.thresholds) for name, shares in audit.columns],
        found=Table([Header("Threshold"), Header("Find themselves")], found),
        worst=Table([*broken("Probe", "Gallery"), Header("Similarity")], worst),
    )


def _part(column: str, shares: Sequence[Share], thresholds: Sequence[float]) -> _ShareColumn:
    drawn = (
        rate_plot(
            f"Probes that match wrongly at {at:g} %",
            f"Wrong matches at {at:g} % by {column}",
            {share.name: share.wrong[at] for share in shares},
            percent,
        )
        for at in thresholds
    )
    wrong = (f"Of the wrong at {at:g} %" for at in thresholds)
    headers = [Header(name) for name in (column.capitalize(), "Probes", "Of the probes", *wrong)]
    rows = [_row(share, thresholds) for share in shares]
    return _ShareColumn(column, [plot for plot in drawn if plot is not None], Table(headers, rows))


def _row(share: Share, thresholds: Sequence[float]) -> tuple[str, ...]:
    wrong = (share.of_wrong[at] for at in thresholds)
    return (
        share.name,
        f"{share.probes:,}",
        percent(share.of_probes),
        *("–" if part is None else percent(part) for part in wrong),
    )
