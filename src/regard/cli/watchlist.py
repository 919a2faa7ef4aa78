"""`regard audit watchlist`: how many people would be taken for somebody on a watch list?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.auditing import (
    AsJson,
    Groups,
    Listed,
    MainFace,
    Report,
    measured,
    say_unreadable,
    write_report,
)
from regard.cli.options import Case, DataFolder
from regard.cli.printing import print_json, print_table, say, say_point
from regard.evaluation.bias import choose_columns
from regard.evaluation.choices import Main
from regard.evaluation.dataset import read_dataset
from regard.evaluation.watchlist import WatchlistAudit
from regard.presentation.audits.record import watchlist_record
from regard.presentation.audits.verdicts import watchlist_verdicts
from regard.presentation.audits.watchlist_page import watchlist_page
from regard.presentation.audits.watchlist_tables import share_table, worst_table
from regard.presentation.numbers import percent, with_interval
from regard.presentation.wording import count

_LABELS = "CSV file of the {}; FOLDER/labels.csv where there is one."


def watchlist(
    probes: Annotated[Path, typer.Option("--probes", help="Folder of the people who are searched for.")],
    gallery: Annotated[Path, typer.Option("--gallery", help="Folder of the people on the list.")],
    labels: Annotated[Path | None, typer.Option("--labels", help=_LABELS.format("probes"))] = None,
    gallery_labels: Annotated[
        Path | None, typer.Option("--gallery-labels", help=_LABELS.format("gallery"))
    ] = None,
    report: Report = None,
    groups: Groups = None,
    listed: Listed = 0,  # a list of who resembles whom is a search, which has rules of its own
    main: MainFace = Main.LARGEST,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Repeat the ACLU's test: how many probes match somebody else, by group, at 80, 95 and 99 %.

    Where the labels of both folders have a column `identity`, a match with the same person is no wrong one;
    else every match is.
    """
    searched = read_dataset(probes, labels, required=False)
    on_list = read_dataset(gallery, gallery_labels, required=False)
    choose_columns(searched, groups or ())
    request = {
        "Probes": searched,
        "Gallery": on_list,
        "Face": main,
        "Groups": groups or (),
        "Listed": listed,
    }
    audit = measured(data, case, report, "audit_watchlist", request, silent=as_json)
    if report:
        write_report(watchlist_page(audit), report)
    if as_json:
        print_json(watchlist_record(audit))
        return
    _print_audit(audit)
    if report:
        say(f"The report is in {report}.")


def _print_audit(audit: WatchlistAudit) -> None:
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
        for threshold in audit.thresholds:
            print_table(share_table(shares, threshold))
    if audit.worst:
        typer.echo()
        say("The most similar wrong matches")
        print_table(worst_table(audit))
    typer.echo()
    for sentence in watchlist_verdicts(audit):
        say_point(sentence)
    for at, found in audit.found.items():
        if found is not None:
            share = with_interval(found, percent)
            say_point(f"At {at:g} %, {share} of the probes of people in the gallery find themselves.")
