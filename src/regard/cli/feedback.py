"""`regard feedback`: what people ask and complain of, and what they are answered."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.presentation.tables import Table, broken, whole
from regard.presentation.wording import count

app = typer.Typer(help="List and answer what people ask and complain of.", no_args_is_help=True)

Matter = Annotated[str, typer.Argument(metavar="FEEDBACK", help="The matter, F-2026-000123.")]


@app.command("list")
def list_(data: DataFolder = None, key: KeyFile = None, person: AsPerson = None) -> None:
    """List every matter with when an answer is owed; what is overdue is red."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.all("list_feedback", "Feedback")
    rows = [
        (
            one["FeedbackId"],
            one["Kind"].lower(),
            one["State"].lower() + (", overdue" if one["Overdue"] else ""),
            f"{one['Received']:%Y-%m-%d}",
            f"{one['Due']:%Y-%m-%d}",
        )
        for one in found
    ]
    overdue = frozenset(place for place, one in enumerate(found) if one["Overdue"])
    headers = [*whole("Matter", "Kind"), *broken("State"), *whole("Received", "Due")]
    print_table(Table(headers, rows, overdue))
    if not rows:
        say("Nobody has asked anything.")


@app.command("show")
def show(matter: Matter, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None) -> None:
    """Print a matter as JSON."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.all("list_feedback", "Feedback")
    wanted = next((one for one in found if one["FeedbackId"] == matter), None)
    if wanted is None:
        raise RegardError(f"There is no feedback {matter[:80]}.")
    print_json(wanted)


@app.command("search")
def search(
    matter: Matter,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION")],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Say whom in a collection the picture of a matter shows."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        matches = gate.call("search_feedback", FeedbackId=matter, CollectionId=collection)["Matches"]
    rows = [(one["FaceId"], one.get("ExternalImageId", "–"), one.get("UserId", "–")) for one in matches]
    print_table(Table([*whole("Face"), *broken("Person", "User")], rows))
    say(f"{count(len(matches), 'face')} of that person in {collection}")


@app.command("decide")
def decide(
    matter: Matter,
    decision: Annotated[
        str,
        typer.Argument(help="identified, unidentified, extended, granted, partly or refused."),
    ],
    answer: Annotated[str | None, typer.Option(help="What was done.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why not all was granted, or it takes longer.")] = None,
    complain_to: Annotated[str | None, typer.Option(help="Whom the person may complain to.")] = None,
    receipt: Annotated[list[str] | None, typer.Option(help="The receipt of what was erased.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Take a matter a step on: who it is, two months more, or the answer."""
    named: dict[str, Any] = {
        "Answer": answer,
        "Reason": reason,
        "ComplainTo": complain_to,
        "ReceiptIds": receipt,
    }
    more = {name: value for name, value in named.items() if value}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        done = gate.call("decide_feedback", FeedbackId=matter, Decision=decision.upper(), **more)
    say(f"{matter} is {done['State']}; the answer is owed by {done['Due']:%Y-%m-%d}.")
