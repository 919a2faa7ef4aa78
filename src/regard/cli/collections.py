"""`regard collections`: make, list and delete collections."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from regard.cli.local import DataFolder, LocalGate, local_gate
from regard.governance import purpose as purposes

app = typer.Typer(help="Make, list and delete collections.", no_args_is_help=True)

CollectionId = Annotated[str, typer.Argument(metavar="COLLECTION")]
Purpose = Annotated[str, typer.Option(help=f"What the collection is for: {', '.join(purposes.PURPOSES)}.")]


@app.command("create")
def create(collection: CollectionId, purpose: Purpose = purposes.GENERAL, data: DataFolder = None) -> None:
    """Make an empty collection."""
    with local_gate(data) as gate:
        create_collection(gate, collection, purpose)
    Console(highlight=False).print(f"Collection {collection} is ready; its purpose is {purpose}.")


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the collections with their faces and purposes."""
    table = Table("Collection", "Faces", "Purpose", "Model", "Created")
    with local_gate(data) as gate:
        token: dict[str, str] = {}
        while True:
            page = gate.call("list_collections", **token)
            for collection in page["CollectionIds"]:
                facts = gate.call("describe_collection", CollectionId=collection)
                tags = gate.call("list_tags_for_resource", ResourceArn=facts["CollectionARN"])["Tags"]
                table.add_row(
                    collection,
                    f"{facts['FaceCount']:,}",
                    tags.get(purposes.TAG, purposes.GENERAL),
                    facts["FaceModelVersion"],
                    f"{facts['CreationTimestamp']:%Y-%m-%d %H:%M}",
                )
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
    Console(highlight=False).print(table if table.row_count else "There is no collection yet.")


@app.command("delete")
def delete(
    collection: CollectionId,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
) -> None:
    """Erase a collection and every face in it."""
    with local_gate(data) as gate:
        faces = gate.call("describe_collection", CollectionId=collection)["FaceCount"]
        if not yes:
            typer.confirm(f"Erase {collection} and its {faces:,} faces?", abort=True)
        gate.call("delete_collection", CollectionId=collection)
    Console(highlight=False).print(f"Collection {collection} is erased.")


def create_collection(gate: LocalGate, collection: str, purpose: str) -> None:
    gate.call("create_collection", CollectionId=collection, Tags={purposes.TAG: purposes.parse(purpose)})
