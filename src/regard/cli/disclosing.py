"""`regard cases disclose`: the packet of a case, as a ZIP that needs no server to be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import say
from regard.errors import RegardError
from regard.presentation.files import drafting
from regard.presentation.packets import write_packet
from regard.presentation.wording import count


def disclose(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case, C-2026-000123.")],
    out: Annotated[Path, typer.Option(help="The ZIP to write.")],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Write all that court and defence are to know of the searches on a case."""
    if out.exists():
        raise RegardError(f"{out} is there already; name a file that is not.")
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        answer = gate.call("get_disclosure", CaseId=case)
    document = json.loads(answer["Document"])
    with drafting(out) as draft:
        write_packet(draft, answer)
    searches = count(len(document["searches"]), "search")
    say(f"{searches} with candidates, and {count(len(document['records']), 'record')}, are in {out}.")
