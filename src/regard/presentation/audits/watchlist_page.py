"""The report of `regard audit watchlist`."""

from __future__ import annotations

from collections.abc import Iterator

from regard.evaluation.watchlist import Share, WatchlistAudit
from regard.presentation.audits.page import heading, page, paragraph, plots, table, verdicts
from regard.presentation.audits.plots import rate_plot
from regard.presentation.audits.verdicts import watchlist_verdicts
from regard.presentation.numbers import percent, with_interval

_WHY = (
    "In 2018 the ACLU compared the members of the United States Congress with 25,000 arrest photos, using "
    "Amazon Rekognition at its default threshold of 80 %. It matched 28 members wrongly; 39 % of them were "
    "people of colour, who were 20 % of Congress. This report is the same test of this face model. Its "
    "intervals hold for other people against this gallery; a larger gallery has more wrong matches."
)


def watchlist_page(audit: WatchlistAudit) -> str:
    return page("Wrong matches with a watch list", _body(audit))


def _body(audit: WatchlistAudit) -> Iterator[str]:
    yield paragraph(
        f"{audit.probes:,} probes against a gallery of {audit.gallery:,} faces. Face model {audit.model}. "
        + (
            "A match with a picture of the same person counts as right."
            if audit.identified
            else "It is not known who is who: every match counts as wrong."
        )
    )
    said = watchlist_verdicts(audit)
    yield verdicts(said[: len(audit.thresholds)])
    yield verdicts(said[len(audit.thresholds) :])
    for column, shares in audit.columns:
        yield heading(f"By {column}")
        yield plots(
            (
                f"Probes that match wrongly at {at:g} %",
                rate_plot(
                    f"Wrong matches at {at:g} % by {column}",
                    {share.name: share.wrong[at] for share in shares},
                    percent,
                ),
            )
            for at in audit.thresholds
        )
        yield table(
            (
                column.capitalize(),
                "Probes",
                "Of the probes",
                *(f"Of the wrong at {at:g} %" for at in audit.thresholds),
            ),
            (_row(share, audit.thresholds) for share in shares),
        )
    if any(audit.found.values()):
        yield heading("People who are in the gallery")
        yield table(
            ("Threshold", "Find themselves"),
            (
                (f"{at:g} %", with_interval(rate, percent))
                for at, rate in audit.found.items()
                if rate is not None
            ),
        )
    if audit.worst:
        yield heading("The most similar wrong matches")
        yield table(
            ("Probe", "Gallery", "Similarity"),
            ((match.probe, match.gallery, f"{match.similarity:.2f} %") for match in audit.worst),
            paths=True,
        )
    yield heading("How to read this")
    yield paragraph(_WHY)
    yield paragraph(
        f"{len(audit.no_face):,} pictures had no face and {len(audit.unreadable):,} files could not be read.",
        soft=True,
    )


def _row(share: Share, thresholds: tuple[float, ...]) -> tuple[str, ...]:
    wrong = (share.of_wrong[at] for at in thresholds)
    return (
        share.name,
        f"{share.probes:,}",
        percent(share.of_probes),
        *("–" if part is None else percent(part) for part in wrong),
    )
