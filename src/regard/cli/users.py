"""`regard users`: people with several photos, found as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.collections import CollectionId
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, AsPerson, Case, DataFolder, KeyFile, read_picture
from regard.cli.printing import print_json, print_table, say, say_review
from regard.errors import ServiceQuotaExceededException
from regard.presentation.drawing import draw
from regard.presentation.pictures.faces import user_marks, user_table
from regard.presentation.tables import Table, broken, whole
from regard.presentation.wording import count

app = typer.Typer(help="Join the photos of each person, and find people by them.", no_args_is_help=True)

_MAX_AT_ONCE = 100  # faces in a request, and of a user
_REASONS = {
    "FACE_NOT_FOUND": "it is not in the collection",
    "ASSOCIATED_TO_A_DIFFERENT_USER": "it belongs to another user",
    "LOW_MATCH_CONFIDENCE": "it does not resemble the others enough",
}

UserId = Annotated[str, typer.Argument(metavar="USER")]
FaceIds = Annotated[list[str], typer.Argument(metavar="FACE...")]
Joining = Annotated[
    float | None,
    typer.Option("--threshold", min=0, max=100, help="Minimum match with the user, percent; 75."),
]


@app.command("list")
def list_(
    collection: CollectionId, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None
) -> None:
    """List the users of a collection."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        found = _pages(gate, "list_users", "Users", CollectionId=collection)
        rows = [(user["UserId"], user["UserStatus"]) for user in found]
    print_table(Table([*broken("User"), *whole("Status")], rows))
    if not rows:
        say(f"There is no user in {collection} yet.")


@app.command("create")
def create(
    collection: CollectionId,
    user: UserId,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Make a user without faces."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        gate.call("create_user", CollectionId=collection, UserId=user)
    say(f"User {user} is in {collection}.")


@app.command("delete")
def delete(
    collection: CollectionId,
    user: UserId,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Erase a user. Its faces stay in the collection."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        if not yes:
            typer.confirm(f"Erase the user {user} of {collection}?", abort=True)
        gate.call("delete_user", CollectionId=collection, UserId=user)
    say(f"User {user} is erased; its faces stay in {collection}.")


@app.command("associate")
def associate(
    collection: CollectionId,
    user: UserId,
    faces: FaceIds,
    threshold: Joining = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Give faces to a user. One that does not match it is refused."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        answer = _associate(gate, collection, user, faces, threshold)
    if as_json:
        print_json(answer)
        return
    _explain(answer["UnsuccessfulFaceAssociations"])
    say(f"{count(len(answer['AssociatedFaces']), 'face')} joined {user}.")


@app.command("disassociate")
def disassociate(
    collection: CollectionId,
    user: UserId,
    faces: FaceIds,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Take faces away from a user. They stay in the collection."""
    with local_gate(data, existing=True, key=key, person=person) as gate:
        answer = gate.call("disassociate_faces", CollectionId=collection, UserId=user, FaceIds=faces)
    if as_json:
        print_json(answer)
        return
    _explain(answer["UnsuccessfulFaceDisassociations"])
    say(f"{count(len(answer['DisassociatedFaces']), 'face')} left {user}.")


@app.command("from-names")
def from_names(
    collection: CollectionId,
    threshold: Joining = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Make a user of every ExternalImageId, with the faces of that name that belong to nobody."""
    joined = refused = made = 0
    with local_gate(data, existing=True, key=key, person=person) as gate:
        known = {user["UserId"] for user in _pages(gate, "list_users", "Users", CollectionId=collection)}
        named = _unclaimed(gate, collection)
        for name, faces in named.items():
            if name not in known:
                gate.call("create_user", CollectionId=collection, UserId=name)
                made += 1
            for begin in range(0, len(faces), _MAX_AT_ONCE):
                batch = faces[begin : begin + _MAX_AT_ONCE]
                try:
                    answer = _associate(gate, collection, name, batch, threshold)
                except ServiceQuotaExceededException as error:
                    refused += len(batch)
                    say(str(error), on_stderr=True)
                    break
                joined += len(answer["AssociatedFaces"])
                refused += len(answer["UnsuccessfulFaceAssociations"])
                _explain(answer["UnsuccessfulFaceAssociations"], of=name)
    if as_json:
        print_json({"users": len(named), "made": made, "associated": joined, "refused": refused})
    else:
        left = f" {count(refused, 'face')} did not." if refused else ""
        say(f"{count(joined, 'face')} joined {count(len(named), 'user')}, {made:,} of them new.{left}")


@app.command("search")
def search(
    collection: CollectionId,
    photo: Annotated[Path, typer.Argument(help="Its largest face is searched for.")],
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Minimum similarity, percent; 80, or the purpose's floor."),
    ] = None,
    max_matches: Annotated[
        int, typer.Option("--max-users", min=1, max=500, help="Maximum number of matches.")
    ] = 10,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the photo with the face marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Find the person of a photo among the users of a collection."""
    picture = read_picture(photo)
    chosen = {} if threshold is None else {"UserMatchThreshold": threshold}
    with local_gate(data, case, existing=True, key=key, person=person) as gate:
        released = gate.answer(
            "search_users_by_image",
            CollectionId=collection,
            Image={"Bytes": picture},
            MaxUsers=max_matches,
            **chosen,
        )
    answer = released.body
    matches = answer["UserMatches"]
    if drawing:
        draw(picture, user_marks(answer), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(user_table(matches))
    say(
        f"{count(len(matches), 'match')} in {collection}"
        if "SearchedFace" in answer
        else f"There is no face in {photo}."
    )
    say_review(released.headers)


def _associate(
    gate: LocalGate, collection: str, user: str, faces: list[str], threshold: float | None
) -> dict[str, Any]:
    chosen = {} if threshold is None else {"UserMatchThreshold": threshold}
    return gate.call("associate_faces", CollectionId=collection, UserId=user, FaceIds=faces, **chosen)


def _unclaimed(gate: LocalGate, collection: str) -> dict[str, list[str]]:
    """The faces that belong to no user, by their ExternalImageId."""
    named: dict[str, list[str]] = {}
    for face in _pages(gate, "list_faces", "Faces", CollectionId=collection):
        if face["ExternalImageId"] and face["UserId"] is None:
            named.setdefault(face["ExternalImageId"], []).append(face["FaceId"])
    return named


def _pages(gate: LocalGate, operation: str, items: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Every item of a listing."""
    token: dict[str, str] = {}
    while True:
        page = gate.call(operation, **params, **token)
        yield from page[items]
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def _explain(refusals: list[dict[str, Any]], *, of: str | None = None) -> None:
    """Says on standard error why each face did not join or leave."""
    for face in refusals:
        why = "; ".join(_REASONS[reason] for reason in face["Reasons"]) or "the user is full"
        alike = f" ({face['Confidence']:.1f} %)" if "Confidence" in face else ""
        say(f"{f'{of}: ' if of else ''}{face['FaceId']}: {why}{alike}.", on_stderr=True)
