"""`regard collections`: make, list and delete collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_table, say
from regard.governance import purpose as purposes
from regard.presentation.tables import Breaks, Header, Table, broken, whole
from regard.presentation.wording import count

app = typer.Typer(help="Make, list and delete collections.", no_args_is_help=True)

CollectionId = Annotated[str, typer.Argument(metavar="COLLECTION")]
Purpose = Annotated[str, typer.Option(help=f"What the collection is for: {', '.join(purposes.PURPOSES)}.")]


@app.command("create")
def create(
    collection: CollectionId,
    purpose: Purpose = purposes.GENERAL,
    consent: Annotated[bool, typer.Option("--consent", help="Each face takes a consent.")] = False,
    retention_days: Annotated[
        int | None,
        typer.Option(min=1, max=99_999, help="Erase each face that many days after enrolment."),
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Make an empty collection."""
    purposes.parse(purpose)
    tags = {purposes.CONSENT_TAG: "required"} if consent else {}
    if retention_days is not None:
        tags[purposes.RETENTION_TAG] = str(retention_days)
    with local_gate(data, key=key, person=person) as gate:
        create_collection(gate, collection, purpose, tags)
    say(f"Collection {collection} is ready; its purpose is {purpose}.")


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the collections with their faces, users and purposes."""
    rows: list[tuple[str, ...]] = []
    with local_gate(data, existing=True) as gate:
        token: dict[str, str] = {}
        while True:
            page = gate.call("list_collections", **token)
            for collection in page["CollectionIds"]:
                facts = gate.call("describe_collection", CollectionId=collection)
                cells = (
                    collection,
                    f"{facts['FaceCount']:,}",
                    f"{facts['UserCount']:,}",
                    purpose_of(gate, facts),
                    facts["FaceModelVersion"],
                    f"{facts['CreationTimestamp']:%Y-%m-%d %H:%M}",
                )
                rows.append(cells)
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
    counts = (Header(name, Breaks.NEVER, right=True) for name in ("Faces", "Users"))
    headers = [*broken("Collection"), *counts, *whole("Purpose", "Model", "Created")]
    print_table(Table(headers, rows))
    if not rows:
        say("There is no collection yet.")


@app.command("delete")
def delete(
    collection: CollectionId,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Erase a collection, every face and every user in it."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        faces = gate.call("describe_collection", CollectionId=collection)["FaceCount"]
        if not yes:
            typer.confirm(f"Erase {collection} and its {count(faces, 'face')}?", abort=True)
        gate.call("delete_collection", CollectionId=collection)
    say(f"Collection {collection} is erased.")


def create_collection(
    gate: LocalGate, collection: str, purpose: str, tags: Mapping[str, str] | None = None
) -> None:
    """Makes a collection for a purpose, with other tags beside it."""
    named = {purposes.TAG: purposes.parse(purpose), **(tags or {})}
    gate.call("create_collection", CollectionId=collection, Tags=named)


def purpose_of(gate: LocalGate, facts: Mapping[str, Any]) -> str:
    """The purpose of a collection that DescribeCollection has described."""
    tags: dict[str, str] = gate.call("list_tags_for_resource", ResourceArn=facts["CollectionARN"])["Tags"]
    return tags.get(purposes.TAG, purposes.GENERAL)
