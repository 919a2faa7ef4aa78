"""What `regard audit watchlist` measured, as tables that fit into 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from regard.evaluation.watchlist import Share, WatchlistAudit
from regard.presentation.numbers import percent, with_interval
from regard.presentation.tables import Table, broken, numbers, whole


def share_table(shares: Sequence[Share], threshold: float) -> Table:
    """Each group's part of the probes, and of those that match wrongly at a threshold in percent."""
    rows = []
    for share in shares:
        part = share.of_wrong[threshold]
        cells = (
            share.name,
            f"{share.probes:,}",
            percent(share.of_probes),
            with_interval(share.wrong[threshold], percent),
            "–" if part is None else percent(part),
        )
        rows.append(cells)
    counted = numbers("Probes", "Of all", "Matched wrongly", "Of the wrong")
    return Table([*broken(f"At {threshold:g} %"), *counted], rows)


def worst_table(audit: WatchlistAudit) -> Table:
    """The most similar wrong matches."""
    rows = [(match.probe, match.gallery, f"{match.similarity:.2f} %") for match in audit.worst]
    return Table([*broken("Probe", "Gallery"), *whole("")], rows)
