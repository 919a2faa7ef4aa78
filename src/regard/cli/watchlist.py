"""`regard audit watchlist`: how many people would be taken for somebody on a watch list?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.auditing import AsJson, Groups, Listed, MainFace, Report, auditor, write_report
from regard.cli.local import Case, DataFolder
from regard.cli.printing import print_json, say
from regard.evaluation.choices import Main

_LABELS = "CSV file of the {}; FOLDER/labels.csv where there is one."


def watchlist(
    probes: Annotated[Path, typer.Option("--probes", help="Folder of the people who are looked for.")],
    gallery: Annotated[Path, typer.Option("--gallery", help="Folder of the people on the list.")],
    labels: Annotated[Path | None, typer.Option("--labels", help=_LABELS.format("probes"))] = None,
    gallery_labels: Annotated[
        Path | None, typer.Option("--gallery-labels", help=_LABELS.format("gallery"))
    ] = None,
    report: Report = None,
    groups: Groups = None,
    most: Listed = 0,  # a list of who resembles whom is a search, which has rules of its own
    main: MainFace = Main.LARGEST,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Repeat the ACLU's test: how many probes match somebody else, by group, at 80, 95 and 99 %.

    Where the labels of both folders have a column `identity`, a match with the same person is no wrong one;
    else every match is.
    """
    # The models' libraries take a second to import; `regard --help` should not.
    from regard.cli.watchlist_tables import print_audit
    from regard.evaluation.bias import choose_columns
    from regard.evaluation.dataset import read_dataset
    from regard.evaluation.watchlist import audit_watchlist
    from regard.presentation.audits.record import watchlist_record
    from regard.presentation.audits.watchlist_page import watchlist_page

    looked_for = read_dataset(probes, labels, required=False)
    listed = read_dataset(gallery, gallery_labels, required=False)
    choose_columns(looked_for, groups or ())
    with auditor(data, case, report, silent=as_json) as looking:
        audit = audit_watchlist(
            (looked_for, looking.look(looked_for, main, "Probes")),
            (listed, looking.look(listed, main, "Gallery")),
            groups=groups or (),
            most=most,
        )
        looking.record(
            "watchlist",
            probes=audit.probes,
            gallery=audit.gallery,
            wrong={f"{at:g}": rate.events for at, rate in audit.everyone.wrong.items()},
        )
    if report:
        write_report(watchlist_page(audit), report)
    if as_json:
        print_json(watchlist_record(audit))
        return
    print_audit(audit)
    if report:
        say(f"The report is in {report}.")
