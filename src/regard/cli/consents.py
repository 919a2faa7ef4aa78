"""`regard consents`: who agreed that their face is enrolled."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.governance.privacy.consents import FORMS
from regard.presentation.tables import Table, broken, whole
from regard.presentation.wording import count

app = typer.Typer(help="Record, list and withdraw consents to be enrolled.", no_args_is_help=True)

Collection = Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection that it is for.")]

_AT_ONCE: Final = 1000  # of a request
_TIMES: Final = ("GivenAt", "Until")


@app.command("put")
def put(
    collection: Collection,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Whose face it is: their ExternalImageId.")
    ],
    text: Annotated[str, typer.Option("--text", help="The version of the text that they agreed to.")],
    given: Annotated[str, typer.Option(help="When they agreed: 2026-11-29, or with the time.")],
    evidence: Annotated[Path, typer.Option(help="What shows it; its SHA-256 is kept, and not the file.")],
    form: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")] = "WRITTEN",
    until: Annotated[str | None, typer.Option(help="When it ends, if it says so.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Record that somebody agreed. It is valid from now on."""
    request: dict[str, Any] = {
        "CollectionId": collection,
        "Subject": subject,
        "TextVersion": text,
        "Form": form,
        "GivenAt": _time(given),
        "Digest": _digest(evidence),
    }
    if until is not None:
        request["Until"] = _time(until)
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        made = gate.call("put_consent", **request)
    say(f"{made['ConsentId']}: {subject} may be enrolled in {collection}.")


@app.command("import")
def import_(
    collection: Collection,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV (Subject, TextVersion, Form, GivenAt, Until, Digest), or such objects as JSONL."
        ),
    ],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Record many consents. Again, those that are recorded already stay as they are."""
    consents = list(_read(file))
    if not consents:
        raise RegardError(f"{file} holds no consent.")
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        batches = [consents[start : start + _AT_ONCE] for start in range(0, len(consents), _AT_ONCE)]
        for batch in batches:
            gate.check("import_consents", CollectionId=collection, Consents=batch)
        for batch in batches:
            gate.call("import_consents", CollectionId=collection, Consents=batch)
    say(f"{count(len(consents), 'consent')} for {collection} recorded.")


@app.command("list")
def list_(
    collection: Annotated[str | None, typer.Option(help="Only those for this collection.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only those of this person.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """List consents with what has become of them."""
    named = {"CollectionId": collection, "Subject": subject}
    wanted = {name: value for name, value in named.items() if value is not None}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.all("list_consents", "Consents", **wanted)
    rows = [
        (
            one["ConsentId"],
            one["Subject"],
            one["CollectionId"],
            one["TextVersion"],
            f"{one['GivenAt']:%Y-%m-%d}",
            f"{one['Until']:%Y-%m-%d}" if "Until" in one else "–",
            one["State"].lower(),
        )
        for one in found
    ]
    headers = [*whole("Consent"), *broken("Person", "Collection", "Text"), *whole("Given", "Until", "State")]
    print_table(Table(headers, rows))
    if not rows:
        say("There is no such consent.")


@app.command("withdraw")
def withdraw(
    consent: Annotated[str, typer.Argument(metavar="CONSENT", help="One of the person's, CO-2026-000123.")],
    reason: Annotated[str | None, typer.Option(help="Why; it stands on the receipt.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """End a person's consents for a collection, and erase their faces in it."""
    more = {} if reason is None else {"Reason": reason}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        done = gate.call("withdraw_consent", ConsentId=consent, **more)
    erased = done["Erasure"]
    say(
        f"{done['Subject']} has withdrawn; {count(erased['FaceCount'], 'face')} erased. "
        f"Receipt: {erased['ReceiptId']}"
    )


def _read(file: Path) -> Iterator[dict[str, Any]]:
    """The consents of a file. Raises RegardError, naming the line of what is none."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise RegardError(f"{file} is not a readable text file.") from error
    if file.suffix.lower() == ".csv":
        for row in csv.DictReader(lines):
            yield _consent(row, f"{file}, {row.get('Subject') or 'a row without Subject'}")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                said = json.loads(line)
            except ValueError as error:
                raise RegardError(f"{file} is no JSON in line {number}.") from error
            if not isinstance(said, dict):
                raise RegardError(f"{file} has no object in line {number}.")
            yield _consent(said, f"{file}, line {number}")


def _consent(said: dict[str, Any], where: str) -> dict[str, Any]:
    given = {name: value for name, value in said.items() if value not in (None, "")}
    return {name: _time(str(value), where) if name in _TIMES else value for name, value in given.items()}


def _time(text: str, where: str | None = None) -> datetime:
    """A time in ISO 8601; UTC where it names no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        place = "" if where is None else f"{where}: "
        raise RegardError(f"{place}{text!r} is no time; write it like 2026-11-29T10:00:00+01:00.") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
