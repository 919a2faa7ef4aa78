"""`regard cases` and `regard rules`: why faces are searched, and what holds when they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.disclosing import disclose
from regard.cli.keys import check_new_file
from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.governance.cases import ATTESTATIONS
from regard.governance.credentials import write_credentials
from regard.presentation.tables import Table, broken, whole

app = typer.Typer(help="Open, show and close cases.", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case, C-2026-000123.")]

_QUESTIONS: Final = {
    "NO_PROTECTED_TRAIT": "Is nobody searched for what they are or believe?",
    "NO_LAWFUL_ASSEMBLY": "Is nobody searched for having lawfully assembled?",
    "NO_SKETCH": "Is every probe a photograph, and none drawn or composed?",
    "EDITS_LISTED": "Is every edit of a probe listed with --edit?",
}


@app.command("open")
def open_(
    reference: Annotated[str, typer.Option(help="The agency's own number.")],
    basis: Annotated[str, typer.Option(help="The ground in law.")],
    justification: Annotated[str, typer.Option(help="Why faces are searched.")],
    purpose: Annotated[str, typer.Option(help="law-enforcement or missing-person.")],
    offence: Annotated[str | None, typer.Option(help="What is investigated.")] = None,
    member: Annotated[list[str] | None, typer.Option(help="Somebody else who works on it.")] = None,
    edit: Annotated[list[str] | None, typer.Option(help="What is changed in a probe.")] = None,
    tell: Annotated[
        str | None, typer.Option(help="SNS topic or URL that is told when a review is decided.")
    ] = None,
    attest: Annotated[
        list[str] | None, typer.Option(help=f"Attest without being asked: {', '.join(ATTESTATIONS)}.")
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Open a case, on which its members may search."""
    attested = attest or [name for name in ATTESTATIONS if typer.confirm(_QUESTIONS[name], err=True)]
    request: dict[str, Any] = {
        "Reference": reference,
        "Purpose": purpose,
        "Basis": basis,
        "Justification": justification,
        "Attested": attested,
        "Members": member or [],
        "Edits": edit or [],
    }
    optional = {"Offence": offence, "NotificationChannel": tell}
    request |= {name: value for name, value in optional.items() if value is not None}
    if not attested:
        raise RegardError(f"Whoever opens a case attests {', '.join(ATTESTATIONS)}.")
    with local_gate(data, has_models=False, key=key, person=person) as gate:
        case = gate.call("create_case", **request)
    say(f"{case['CaseId']} is open. Name it with --case, or in the header x-regard-case.")


@app.command("list")
def list_(data: DataFolder = None, key: KeyFile = None, person: AsPerson = None) -> None:
    """List the cases that one may know."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        cases = gate.all("list_cases", "Cases")
    rows = [
        (
            case["CaseId"],
            case["Reference"],
            case["Purpose"],
            case.get("Offence", "–"),
            f"{case['Opened']:%Y-%m-%d}",
            "closed" if "Closed" in case else "open",
        )
        for case in cases
    ]
    headers = [*whole("Case"), *broken("Reference", "Purpose", "Offence"), *whole("Opened", "State")]
    print_table(Table(headers, rows))
    if not rows:
        say("There is no case that you may know.")


@app.command("show")
def show(case: CaseId, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None) -> None:
    """Print a case as JSON."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        print_json(gate.call("get_case", CaseId=case))


@app.command("close")
def close(
    case: CaseId,
    reason: Annotated[str, typer.Option(help="Why it is closed.")],
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Close a case: nothing is searched on it any more."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        gate.call("close_case", CaseId=case, Reason=reason)
    say(f"{case} is closed.")


@app.command("tell")
def tell_(
    case: CaseId,
    channel: Annotated[str | None, typer.Argument(help="An SNS topic or a URL; nobody without one.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Say whom to tell when a review of the case is decided: its id and status, and nothing else."""
    named = {} if channel is None else {"NotificationChannel": channel}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        gate.call("put_case_channel", CaseId=case, **named)
    say(f"Nobody is told of {case}." if channel is None else f"{channel} is told of {case}.")


@app.command("key")
def make_key(
    case: CaseId,
    credentials: Annotated[Path, typer.Option(help="The AWS credentials file to write.")],
    hours: Annotated[int, typer.Option(min=1, max=12, help="For how long it is good.")] = 8,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Make a key that searches on one case alone, for programs that can't name it."""
    check_new_file(credentials)
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        made = gate.call("create_case_key", CaseId=case, Hours=hours)
        region = gate.parts.settings.region
    write_credentials(credentials, made["AccessKeyId"], made["SecretAccessKey"], region)
    say(f"A key for {case} is in {credentials}, good until {made['Expires']:%Y-%m-%d %H:%M} UTC.")


app.command("disclose")(disclose)


def rules(data: DataFolder = None) -> None:
    """Print the rules that hold here, and the profiles that they come from."""
    with local_gate(data, has_models=False) as gate:
        answer = gate.call("get_rules")
    print_json({**answer, "Rules": json.loads(answer["Rules"])})
