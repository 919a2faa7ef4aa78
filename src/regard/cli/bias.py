"""`regard audit bias`: do the face model's errors differ between groups of people?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.auditing import (
    AsJson,
    Groups,
    IdentityFrom,
    Listed,
    MainFace,
    Report,
    measured,
    say_unreadable,
    write_report,
)
from regard.cli.options import Case, DataFolder
from regard.cli.printing import print_json, print_table, say, say_point
from regard.evaluation.bias import BiasAudit, Column, choose_columns
from regard.evaluation.choices import Identities, Main
from regard.evaluation.dataset import read_dataset
from regard.presentation.audits.bias_page import bias_page
from regard.presentation.audits.bias_tables import group_table, nearest_strangers_table, rate_table
from regard.presentation.audits.record import bias_record
from regard.presentation.audits.verdicts import bias_verdicts
from regard.presentation.wording import count


def bias(
    folder: Annotated[Path, typer.Argument(help="Folder of JPEG and PNG files.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV file with a column `file`; FOLDER/labels.csv.")
    ] = None,
    report: Report = None,
    groups: Groups = None,
    identities: IdentityFrom = Identities.AUTO,
    listed: Listed = 10,
    main: MainFace = Main.LARGEST,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Measure how often people of each group are mistaken for others, missed, or not seen at all.

    The labels name the pictures (`file`, in FOLDER), who they show (`identity`), and, as far as known, `age`,
    `gender` and any other groups.
    """
    dataset = read_dataset(folder, labels, identities=identities)
    choose_columns(dataset, groups or ())  # before pictures are analysed for nothing
    request = {"Dataset": dataset, "Face": main, "Groups": groups or (), "Listed": listed}
    audit = measured(data, case, report, "audit_bias", request, silent=as_json)
    if report:
        write_report(bias_page(audit), report)
    if as_json:
        print_json(bias_record(audit))
        return
    _print_audit(audit)
    if report:
        say(f"The report is in {report}.")


def _print_audit(audit: BiasAudit) -> None:
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
    if audit.nearest_strangers:
        typer.echo()
        say("Most alike of pictures that are said to show two people. Do they?")
        print_table(nearest_strangers_table(audit))
    typer.echo()
    say("In brackets: the interval that a rate is in with 95 % confidence.")


def _print_column(column: Column, thresholds: tuple[float, ...]) -> None:
    print_table(group_table(column))
    for threshold in thresholds:
        print_table(rate_table(column, threshold))
