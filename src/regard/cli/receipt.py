"""`regard receipt`: proofs of single records of the audit log, for whoever has nothing else of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.stamps import Authority, stamp_in_words
from regard.errors import RegardError
from regard.governance.proof.receipt_file import read_receipt
from regard.governance.proof.receipts import Receipt
from regard.presentation.receipts import record_in_words
from regard.presentation.wording import count

app = typer.Typer(help="Get and check proofs of single records of the audit log.", no_args_is_help=True)

_MAX_BYTES = 4 << 20


@app.command("get")
def get(
    record: Annotated[
        str, typer.Argument(metavar="N|REQUEST_ID", help="The record's number, or its request.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write it to this file; else it is printed.")] = None,
    data: DataFolder = None,
) -> None:
    """Make the receipt of a record: the record, its hash, and its way to the signed root of its day."""
    with local_gate(data, existing=True, has_models=False) as gate:
        receipt = gate.call("get_audit_receipt", Record=record)
    text = json.dumps(receipt, indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise RegardError(f"{out} can't be written: {error.strerror}.") from error
    say(f"The receipt of record {receipt['Sequence']} is in {out}.")


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt.")],
    key: Annotated[str | None, typer.Option(help="The public key that must have signed, in hex.")] = None,
    head: Annotated[
        str | None,
        typer.Option(
            help="A hash that you have from elsewhere: the log's head once, or the root of the day."
        ),
    ] = None,
    authority: Authority = None,
) -> None:
    """Check a receipt, with no server and no other record; fails with what does not hold."""
    receipt = _read(file)
    receipt.check(public_key=_hash(key, "--key"), known=_hash(head, "--head"))
    say(f"Record {receipt.sequence}: {record_in_words(receipt.record)}.")
    day = receipt.day
    if day is None:
        say("Its day was not sealed yet: it follows the hash before it, and no more is proven. Get it again.")
        return
    say(f"It is one of the {count(day.size, 'record')} of {day.day}, below the signed root {day.root}.")
    if receipt.timestamp is not None:
        say(stamp_in_words(receipt.timestamp, day, authority))
    elif authority is not None:
        raise RegardError("The receipt holds no time-stamp.")
    if key is None:
        say(f"The key that signed is {day.public_key}; compare it with the one that you know, or give --key.")


def _read(file: Path) -> Receipt:
    try:
        with file.open("rb") as source:
            content = source.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    if len(content) > _MAX_BYTES:
        raise RegardError(f"{file} is too large for a receipt.")
    return read_receipt(content)


def _hash(text: str | None, option: str) -> str | None:
    """32 bytes in hex, in lower case. Raises RegardError."""
    if text is None:
        return None
    plain = text.strip().lower()
    if len(plain) != 64 or set(plain) - set("0123456789abcdef"):
        raise RegardError(f"{option} takes 64 digits of hex.")
    return plain
