"""What `regard audit watchlist` prints: 80 columns wide."""

from __future__ import annotations

import typer
from rich.table import Column

from regard.cli.auditing import say_unreadable
from regard.cli.printing import add_row, print_table, say, say_point, table
from regard.evaluation.watchlist import Share, WatchlistAudit
from regard.presentation.audits.verdicts import watchlist_verdicts
from regard.presentation.numbers import percent, with_interval
from regard.presentation.wording import count


def print_audit(audit: WatchlistAudit) -> None:
    say_unreadable(audit.unreadable)
    say(
        f"{count(audit.probes, 'probe')} against a gallery of {count(audit.gallery, 'face')}: "
        f"{count(len(audit.no_face), 'picture')} without a face, {count(len(audit.unreadable), 'file')} "
        f"unreadable. Face model {audit.model}."
    )
    if not audit.identified:
        say(
            "It is not known who is who (no column `identity` in the labels of both): every match counts as "
            "wrong."
        )
    for column, shares in audit.columns:
        typer.echo()
        say(f"By {column}")
        _print_shares(shares, audit.thresholds)
    if audit.worst:
        typer.echo()
        say("The most similar wrong matches")
        rows = table(
            *(Column(name, overflow="fold") for name in ("Probe", "Gallery")), Column("", no_wrap=True)
        )
        for match in audit.worst:
            add_row(rows, (match.probe, match.gallery, f"{match.similarity:.2f} %"))
        print_table(rows)
    typer.echo()
    for sentence in watchlist_verdicts(audit):
        say_point(sentence)
    for at, found in audit.found.items():
        if found is not None:
            share = with_interval(found, percent)
            say_point(f"At {at:g} %, {share} of the probes of people in the gallery find themselves.")


def _print_shares(shares: tuple[Share, ...], thresholds: tuple[float, ...]) -> None:
    headers = "Probes", "Of all", "Matched wrongly", "Of the wrong"
    for at in thresholds:
        rows = table(
            Column(f"At {at:g} %", overflow="fold"), *(Column(name, justify="right") for name in headers)
        )
        for share in shares:
            part = share.of_wrong[at]
            cells = (
                f"{share.probes:,}",
                percent(share.of_probes),
                with_interval(share.wrong[at], percent),
                "–" if part is None else percent(part),
            )
            add_row(rows, (share.name, *cells))
        print_table(rows)
