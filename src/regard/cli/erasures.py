"""`regard erase` and `regard retention`: what goes for good, on request and by itself."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.presentation.tables import Table, broken, whole
from regard.presentation.wording import count


def erase(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION")],
    reason: Annotated[str, typer.Option(help="Why; it stands on the receipt.")],
    face: Annotated[list[str] | None, typer.Option(help="A face, by its id.")] = None,
    user: Annotated[str | None, typer.Option(help="All faces of this user.")] = None,
    subject: Annotated[str | None, typer.Option(help="All faces with this ExternalImageId.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Erase faces for good, also those that a user holds, and print the receipt's id."""
    named: dict[str, Any] = {"FaceIds": face, "UserId": user, "ExternalImageId": subject}
    whose = {name: value for name, value in named.items() if value}
    if len(whose) != 1:
        raise RegardError("Say whose faces: --face, --user or --subject, one of them.")
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        done = gate.call("erase_faces", CollectionId=collection, Reason=reason, **whose)
    users = f" and {count(done['UserCount'], 'user')}" if done["UserCount"] else ""
    say(f"{count(done['FaceCount'], 'face')}{users} erased. Receipt: {done['ReceiptId']}")


def retention(data: DataFolder = None) -> None:
    """Print for how long what is kept, by the rules that hold here."""
    with local_gate(data, has_models=False) as gate:
        answer = gate.call("get_retention_schedule")
    rows = [
        (line["What"], line["Since"], _duration(line.get("Hours")), line["Kind"])
        for line in answer["Schedule"]
    ]
    print_table(Table([*broken("What", "Since"), *whole("Erased after", "Rule")], rows))
    say(f"Profiles: {', '.join(answer['Profiles'])}. A collection's tag may be shorter.")


def _duration(hours: int | None) -> str:
    if hours is None:
        return "–"
    return "at once" if hours == 0 else count(hours, "hour") if hours % 24 else count(hours // 24, "day")
