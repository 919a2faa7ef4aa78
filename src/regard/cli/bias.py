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
    auditor,
    write_report,
)
from regard.cli.local import Case, DataFolder
from regard.cli.printing import print_json, say
from regard.evaluation.choices import Identities, Main


def bias(
    folder: Annotated[Path, typer.Argument(help="Folder of JPEG and PNG files.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV file with a column `file`; FOLDER/labels.csv.")
    ] = None,
    report: Report = None,
    groups: Groups = None,
    identities: IdentityFrom = Identities.AUTO,
    most: Listed = 10,
    main: MainFace = Main.LARGEST,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Measure how often people of each group are mistaken for others, missed, or not seen at all.

    The labels name the pictures (`file`, in FOLDER), who they show (`identity`), and, as far as known, `age`,
    `gender` and any other groups.
    """
    # The models' libraries take a second to import; `regard --help` should not.
    from regard.cli.bias_tables import print_audit
    from regard.evaluation.bias import audit_bias, choose_columns
    from regard.evaluation.dataset import read_dataset
    from regard.presentation.audits.bias_page import bias_page
    from regard.presentation.audits.record import bias_record

    dataset = read_dataset(folder, labels, identities=identities)
    choose_columns(dataset, groups or ())  # before the pictures are looked at for nothing
    with auditor(data, case, report, silent=as_json) as looking:
        faces = looking.look(dataset, main, "Looking", describe=True)
        audit = audit_bias(dataset, faces, groups=groups or (), most=most)
        everyone = audit.everyone
        looking.record(
            "bias",
            pictures=everyone.pictures,
            people=everyone.people,
            faces=everyone.faces,
            groups={column.name: len(column.groups) for column in audit.columns},
        )
    if report:
        write_report(bias_page(audit), report)
    if as_json:
        print_json(bias_record(audit))
        return
    print_audit(audit)
    if report:
        say(f"The report is in {report}.")
