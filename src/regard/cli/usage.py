"""`regard usage`: what was used, and what it would have cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder
from regard.cli.printing import print_json, print_table, say
from regard.context import silent
from regard.errors import RegardError
from regard.presentation.usage import charges_table, quota_table, usage_csv, usage_sentences, usage_table
from regard.presentation.wording import count

app = typer.Typer(help="Say what was used, by whom, and what it would have cost.", no_args_is_help=False)


@app.callback(invoke_without_command=True)
def usage(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(help="YYYY-MM; else the present month, UTC.")] = None,
    by: Annotated[str, typer.Option(help="key, person, operation, collection, purpose, case.")] = "operation",
    prices: Annotated[
        str | None, typer.Option(help="seed, aws-us-east-1-2026, or a file NAME.toml; else REGARD_PRICES.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print GetUsage's answer as JSON.")] = False,
    data: DataFolder = None,
) -> None:
    """Say what was used, by whom, and what it would have cost."""
    if context.invoked_subcommand is not None:
        return
    if as_csv and as_json:
        raise RegardError("Give --csv or --json, not both.")
    request: dict[str, Any] = {"By": by, **_span(month)}
    file = prices if prices is not None and prices.endswith(".toml") else None
    if file is None and prices is not None:
        request["Prices"] = prices
    with local_gate(data, existing=True, has_models=False, prices=file) as gate:
        answer = gate.call("get_usage", **request)
    if as_csv:
        typer.echo(usage_csv(answer), nl=False)
    elif as_json:
        print_json(answer)
    else:
        _print(answer)


@app.command("quotas")
def quotas(data: DataFolder = None) -> None:
    """List the quotas, and what was used of them this month."""
    with local_gate(data, existing=True, has_models=False) as gate:
        found = gate.all("list_quotas", "Quotas")
    print_table(quota_table(found))
    if not found:
        say("There is no quota; regard usage quota sets one.")


@app.command("quota")
def quota(
    holder: Annotated[str, typer.Argument(help="A key's or a person's id.")],
    rate: Annotated[int | None, typer.Option(help="Requests a second.")] = None,
    images: Annotated[int | None, typer.Option(help="Images a month.")] = None,
    minutes: Annotated[int | None, typer.Option(help="Minutes of video a month.")] = None,
    money: Annotated[float | None, typer.Option(help="What a month may cost, by REGARD_PRICES.")] = None,
    faces: Annotated[int | None, typer.Option(help="Faces stored at a time.")] = None,
    data: DataFolder = None,
    person: AsPerson = None,
) -> None:
    """Give a key or a person these quotas and no others; none where no option is given."""
    asked = {
        "RequestsPerSecond": rate,
        "ImagesPerMonth": images,
        "VideoMinutesPerMonth": minutes,
        "MoneyPerMonth": money,
        "FacesStored": faces,
    }
    given = {name: amount for name, amount in asked.items() if amount is not None}
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        gate.call("set_quota", Holder=holder, **given)
    say(f"{holder} has {count(len(given), 'quota')} now.")


@app.command("rebuild")
def rebuild(data: DataFolder = None) -> None:
    """Fold the whole audit log anew, which gives what there was."""
    with local_gate(data, existing=True, has_models=False) as gate:
        found = gate.long("rebuild_usage", silent)
    say(f"Usage is made anew of {count(found['Records'], 'record')}.")


def _print(answer: dict[str, Any]) -> None:
    if not answer["Rows"]:
        say(f"Nothing was used from {answer['From']:%Y-%m-%d} to {answer['To']:%Y-%m-%d}.")
    else:
        print_table(usage_table(answer))
    if "Prices" in answer:
        print_table(charges_table(answer["Prices"]))
    for sentence in usage_sentences(answer):
        say(sentence)


def _span(month: str | None) -> dict[str, datetime]:
    """The request's From for a month; To is its end by itself. Raises RegardError."""
    if month is None:
        return {}
    if not re.fullmatch(r"(19[7-9]|20\d|21\d)\d-(0[1-9]|1[0-2])", month, re.ASCII):
        raise RegardError(f"--month must be like 2026-11, not {month!r}.")
    year, number = map(int, month.split("-"))
    return {"From": datetime(year, number, 1, tzinfo=UTC)}
