"""`regard custom take`: a version of another installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
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
        if found:
            taken = _taken(gate, str(found[0]["ProjectArn"]), file, version)
        else:
            arn = str(gate.call("create_project", ProjectName=project)["ProjectArn"])
            try:
                taken = _taken(gate, arn, file, version)
            except BaseException:  # whatever it is, and an interruption too, no empty project stays
                gate.call("delete_project", ProjectArn=arn)
                raise
    if as_json:
        print_json(taken)
        return
    say(
        f"{taken['VersionName']} of {project} is ready to run: {count(taken['Labels'], 'label')}, F1 "
        f"{taken['F1Score']:.3f} where it was trained."
    )


def _taken(gate: LocalGate, project: str, file: Path, version: str | None) -> dict[str, Any]:
    request = {"ProjectArn": project, "File": file, "VersionName": version}
    return gate.long("import_project_version", silent, **request)
