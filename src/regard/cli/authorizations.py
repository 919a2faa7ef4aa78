"""`regard authorizations`: leave to search faces in videos, asked for, decided on, and ended."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.governance.authorizations.records import FACTS, Ground
from regard.presentation.tables import Table, broken, whole

app = typer.Typer(help="Ask for leave to search faces in videos, and decide on it.", no_args_is_help=True)

AuthorizationId = Annotated[
    str, typer.Argument(metavar="AUTHORIZATION", help="The authorization, A-2026-000123.")
]
Until = Annotated[datetime | None, typer.Option(help="When it ends, UTC.")]
Issuer = Annotated[str, typer.Option(help="Who issued the document.")]
Number = Annotated[str, typer.Option(help="The document's number.")]
Issued = Annotated[datetime, typer.Option(help="When it was issued, UTC.")]
DocumentFile = Annotated[
    Path, typer.Option("--document", help="The document; its SHA-256 is entered, nothing else is kept of it.")
]
Reason = Annotated[str, typer.Option(help="Why.")]

_QUESTIONS: Final = {
    "UNKNOWN_SUSPECT": "Does nobody know who the suspect is?",
    "FOOTAGE_OF_OFFENCE": "Does the footage show the offence?",
}


@app.command("request")
def request(
    case: Annotated[str, typer.Option(help="The case, C-2026-000123.")],
    basis: Annotated[Ground, typer.Option(help="The ground.")],
    collection: Annotated[str, typer.Option(help="The collection that is searched.")],
    video: Annotated[
        list[str] | None, typer.Option(help="bucket/name, or the beginning of one and a star.")
    ] = None,
    camera: Annotated[list[str] | None, typer.Option(help="A camera.")] = None,
    face: Annotated[list[str] | None, typer.Option(help="A FaceId; without one, every face.")] = None,
    begin: Annotated[datetime | None, typer.Option("--from", help="When it begins, UTC.")] = None,
    until: Until = None,
    covert: Annotated[bool, typer.Option("--covert", help="Cameras run under it without a notice.")] = False,
    grounds: Annotated[
        str | None, typer.Option(help="The facts of an exigency, or of a first identification.")
    ] = None,
    attest: Annotated[
        list[str] | None, typer.Option(help=f"Attest without being asked: {', '.join(FACTS)}.")
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Ask for leave on a case of one's own. An exigency and a first identification begin at once."""
    if basis is Ground.FIRST_IDENTIFICATION and not attest:
        attest = [name for name in FACTS if typer.confirm(_QUESTIONS[name], err=True)]
    asked: dict[str, Any] = {
        "CaseId": case,
        "Basis": str(basis),
        "CollectionId": collection,
        "Videos": video,
        "Cameras": camera,
        "Faces": face,
        "From": _utc(begin),
        "Until": _utc(until),
        "Covert": covert or None,
        "Grounds": grounds,
        "Attested": attest,
    }
    params = {name: value for name, value in asked.items() if value}
    _act("request_authorization", data, key, person, **params)


@app.command("submit")
def submit(
    authorization: AuthorizationId,
    authority: Annotated[str, typer.Option(help="Which authority was asked, and under which number.")],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Enter that the authority was asked to decide on an exigency."""
    _act("submit_authorization", data, key, person, AuthorizationId=authorization, Authority=authority)


@app.command("list")
def list_(
    case: Annotated[str | None, typer.Option(help="Those of a case alone.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """List the authorizations that one may know."""
    params = {} if case is None else {"CaseId": case}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.all("list_authorizations", "Authorizations", **params)
    rows = [
        (
            one["AuthorizationId"],
            one["CaseId"],
            one["State"],
            one["Basis"],
            ", ".join([*one["Cameras"], *one["Videos"]]),
            f"{one['Until']:%Y-%m-%d %H:%M}",
        )
        for one in found
    ]
    headers = [*whole("Authorization", "Case", "State"), *broken("Basis", "Covers"), *whole("Until, UTC")]
    print_table(Table(headers, rows))
    if not rows:
        say("There is no authorization that you may know.")


@app.command("show")
def show(
    authorization: AuthorizationId, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None
) -> None:
    """Print an authorization as JSON."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        print_json(gate.call("get_authorization", AuthorizationId=authorization))


@app.command("approve")
def approve(
    authorization: AuthorizationId,
    issuer: Issuer,
    number: Number,
    issued: Issued,
    document: DocumentFile,
    until: Until = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Enter what the authority issued on a request; it begins no sooner than now."""
    params = _document(issuer, number, issued, document, until)
    _act("approve_authorization", data, key, person, AuthorizationId=authorization, **params)


@app.command("ratify")
def ratify(
    authorization: AuthorizationId,
    issuer: Issuer,
    number: Number,
    issued: Issued,
    document: DocumentFile,
    until: Until = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Enter that the authority has allowed an exigency that it was asked about in time."""
    params = _document(issuer, number, issued, document, until)
    _act("ratify_authorization", data, key, person, AuthorizationId=authorization, **params)


@app.command("extend")
def extend(
    authorization: AuthorizationId,
    issuer: Issuer,
    number: Number,
    issued: Issued,
    document: DocumentFile,
    until: Annotated[datetime, typer.Option(help="When the other one ends, UTC.")],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """End an authorization, and begin another one that goes on in its place."""
    params = _document(issuer, number, issued, document, until)
    _act("extend_authorization", data, key, person, AuthorizationId=authorization, **params)


@app.command("reject")
def reject(
    authorization: AuthorizationId,
    reason: Reason,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Refuse what was asked for; what was found meanwhile is erased."""
    _act("reject_authorization", data, key, person, AuthorizationId=authorization, Reason=reason)


@app.command("revoke")
def revoke(
    authorization: AuthorizationId,
    reason: Reason,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """End an authorization before its time."""
    _act("revoke_authorization", data, key, person, AuthorizationId=authorization, Reason=reason)


def _document(
    issuer: str, number: str, issued: datetime, file: Path, until: datetime | None
) -> dict[str, Any]:
    """What is entered of a document. Raises RegardError for a file that can't be read."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RegardError(f"{file} can't be read ({error.strerror}); check its path.") from error
    entered = {"Issuer": issuer, "Number": number, "Issued": _utc(issued), "Digest": digest}
    return entered if until is None else {**entered, "Until": _utc(until)}


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _act(operation: str, data: Path | None, key: Path | None, person: str | None, **params: Any) -> None:
    """Has somebody do something with an authorization, and tells how it stands then."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        _tell(gate.call(operation, **params))


def _tell(authorization: dict[str, Any]) -> None:
    """Says how an authorization stands, and what has to happen by when."""
    state = authorization["State"]
    say(
        f"{authorization['AuthorizationId']} is {state}, from {authorization['From']:%Y-%m-%d %H:%M} "
        f"to {authorization['Until']:%Y-%m-%d %H:%M} UTC."
    )
    if state == "EXIGENT":
        say(f"Enter by {authorization['AskBy']:%Y-%m-%d %H:%M} UTC that the authority was asked (submit).")
    if state == "AWAITING":
        say(f"The authority must have decided by {authorization['DecideBy']:%Y-%m-%d %H:%M} UTC.")
    if "ErasureRecord" in authorization:
        say(f"What was found is erased: regard receipt get {authorization['ErasureRecord']}")
