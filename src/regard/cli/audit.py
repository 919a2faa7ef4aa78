"""`regard audit`: the log, checked and exported, and the face model, held to account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.app import declared_operations
from regard.cli.lazy import Entry, LazyGroup
from regard.cli.local import local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.stamps import Authority, certificates
from regard.context import silent
from regard.errors import RegardError
from regard.governance.proof.receipt_file import read_day
from regard.governance.proof.timestamps import TimestampInvalid, check_timestamp
from regard.governance.rules.replay import RULES, Replay
from regard.governance.rules.sources import records_in
from regard.presentation.wording import count


class Audits(LazyGroup):
    """The commands that need the models."""

    entries = (
        Entry("bias", "regard.cli.bias:bias", "Measure how often people of each group are mistaken."),
        Entry("watchlist", "regard.cli.watchlist:watchlist", "Repeat the ACLU's test on a watch list."),
    )


app = typer.Typer(
    cls=Audits, help="Check and export the audit log; audit the face model.", no_args_is_help=True
)


@app.command("verify")
def verify(authority: Authority = None, data: DataFolder = None) -> None:
    """Recompute the chain and the seals; fails with the first record or day that does not fit."""
    with local_gate(data, existing=True, has_models=False) as gate:
        found = gate.call("verify_audit_log")
        days = gate.all("list_audit_days", "Days") if found["Intact"] else []
    if not found["Intact"]:
        raise RegardError(found["Problem"])
    say(f"{count(found['Sequence'], 'record')}, unbroken. Head: {found['Hash']}")
    if found["Days"]:
        say(f"{count(found['Days'], 'sealed day')}: roots and signatures hold.")
    _check_stamps(days, authority)


def _check_stamps(days: Sequence[Mapping[str, Any]], authority: Path | None) -> None:
    """Says how many days somebody else has stamped with the time. Raises RegardError."""
    stamped = [(day["Timestamp"], read_day(day)) for day in days if "Timestamp" in day]
    trusted = [] if authority is None else certificates(authority)
    for token, day in stamped:
        try:
            check_timestamp(token, day.signed, trusted)
        except TimestampInvalid as error:
            raise RegardError(f"{day.day}: {error}") from error
    if stamped or authority is not None:
        by = "give --authority to check by whom" if authority is None else f"by the authority of {authority}"
        say(f"{count(len(stamped), 'day')} stamped with the time; {by}.")


@app.command("rules")
def rules(
    log: Annotated[
        Path | None,
        typer.Argument(metavar="LOG.jsonl", help="An exported log; else that of the database."),
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="A hash that you have from elsewhere, which the log must hold.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Replay the log, and check that no record breaks a rule; fails where one does."""
    operations = declared_operations()
    if log is None:
        with local_gate(data, existing=True, has_models=False) as gate:
            found = gate.long("check_audit_rules", silent, Operations=operations, Known=head)
        violations, odd, replay = found["Violations"], found["Unexplained"], found["Replay"]
    else:
        replay, odd = Replay(operations, known=head), []
        for record in records_in(log):
            replay.take(record)
        violations = replay.end()
    for one in violations:
        say(f"Record {one.sequence}: {one.sentence} ({one.rule}).")
    for sentence in odd:
        say(sentence)
    records = count(replay.state.count, "record")
    if violations or odd:
        raise RegardError(f"{records} of the audit log: {count(len(violations) + len(odd), 'violation')}.")
    say(f"{records}, {count(len(RULES), 'rule')}: no violation. Head: {replay.state.head.hash}")


@app.command("export")
def export(data: DataFolder = None) -> None:
    """Print every record as a JSON line."""
    with local_gate(data, existing=True, has_models=False) as gate:
        page = gate.call("list_audit_records")
        newest = page["Newest"]  # what this reading adds to the log is not read
        while True:
            for one in page["Records"]:
                if one["Sequence"] <= newest:
                    record = {
                        "sequence": one["Sequence"],
                        "hash": one["Hash"],
                        **json.loads(one["Record"]),
                    }
                    typer.echo(json.dumps(record, ensure_ascii=False))
            if "NextToken" not in page or page["Records"][-1]["Sequence"] >= newest:
                break
            page = gate.call("list_audit_records", NextToken=page["NextToken"])
