"""`regard custom take`: a version of another installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.custom_training import project_arn
from regard.cli.local import local_gate
from regard.cli.options import AsJson, DataFolder
from regard.cli.printing import print_json, say
from regard.context import silent
from regard.presentation.wording import count


def take(
    file: Annotated[Path, typer.Argument(help="The file that `regard custom export` wrote.")],
    project: Annotated[str, typer.Option(help="The project; it is made where there is none.")],
    version: Annotated[
        str | None, typer.Option(help="The version's name here; the one that it had if left out.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Make a version of a model that another installation has exported."""
    with local_gate(data) as gate:
        found = gate.call("describe_projects", ProjectNames=[project])["ProjectDescriptions"]
        if not found:
            gate.call("create_project", ProjectName=project)
        taken = gate.long(
            "import_project_version",
            silent,
            ProjectArn=project_arn(gate, project),
            File=file,
            VersionName=version,
        )
    if as_json:
        print_json(taken)
        return
    say(
        f"{taken['VersionName']} of {project} is ready to run: {count(taken['Labels'], 'label')}, F1 "
        f"{taken['F1Score']:.3f} where it was trained."
    )
