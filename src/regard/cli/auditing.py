"""What the commands share that audit a face model: their options, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.printing import say
from regard.cli.progress import step_bars
from regard.errors import RegardError
from regard.evaluation.choices import Identities, Main
from regard.presentation.wording import count

Report = Annotated[Path | None, typer.Option("--report", help="Write an HTML page that needs no network.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was measured as JSON.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", help="Group column, several times for several; all columns when not given."),
]
IdentityFrom = Annotated[
    Identities,
    typer.Option(
        "--identity-from",
        help="Who a picture shows: the column `identity` or else its folder; its folder; "
        "or, for a file each, somebody else.",
    ),
]
MainFace = Annotated[Main, typer.Option("--face", help="Which face counts where there are several.")]

Listed = Annotated[
    int, typer.Option("--list", min=0, help="How many of the most similar pictures of two people to name.")
]

_LISTED = 10  # files that could not be read, on the terminal


def measured(
    data: Path | None,
    case: str | None,
    report: Path | None,
    operation: str,
    request: dict[str, Any],
    *,
    silent: bool,
) -> Any:
    """What an audit measured. Raises RegardError first where its report could not be written."""
    if report is not None and not report.absolute().parent.is_dir():
        raise RegardError(f"There is no folder {report.absolute().parent} for the report.")
    with local_gate(data, case) as gate, step_bars(hidden=silent) as told:
        return gate.long(operation, told, **request)["Audit"]


def write_report(page: str, report: Path) -> None:
    try:
        report.write_text(page, "utf-8")
    except OSError as error:
        raise RegardError(f"{report} can't be written: {error.strerror}.") from error


def say_unreadable(unreadable: Sequence[tuple[str, str]]) -> None:
    """The first files that could not be read, with the reason."""
    for name, reason in unreadable[:_LISTED]:
        say(f"{name}: {reason}", on_stderr=True)
    if len(unreadable) > _LISTED:
        say(f"… and {count(len(unreadable) - _LISTED, 'file')} more.", on_stderr=True)
