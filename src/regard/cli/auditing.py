"""What the audits of a face model share: looking at a folder, writing the report, leaving a record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.app import Parts
from regard.cli.local import local_gate
from regard.cli.options import read_picture
from regard.cli.printing import say
from regard.cli.progress import bar
from regard.errors import RegardError
from regard.evaluation.choices import Identities, Main
from regard.evaluation.dataset import AGE, GENDER, Dataset
from regard.evaluation.faces import Describer, FaceSet, look_at
from regard.presentation.wording import count
from regard.vision.image import Image, decode_image

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


class Auditor:
    """Looks at folders with the server's own face model."""

    def __init__(self, parts: Parts, case: str | None, *, silent: bool) -> None:
        self._parts = parts
        self._case = case
        self._silent = silent

    def look(self, dataset: Dataset, main: Main, title: str, *, describe: bool = False) -> FaceSet:
        model = self._parts.models.faces
        described = describe and any(column in dataset.columns for column in (AGE, GENDER))
        with bar(hidden=self._silent) as progress:
            task = progress.add_task(title, total=len(dataset.samples), rate="")
            started = time.monotonic()

            def report(done: int) -> None:
                rate = done / max(time.monotonic() - started, 1e-9)
                progress.update(task, completed=done, rate=f"{rate:.1f}/s")

            return look_at(
                dataset.samples,
                model,
                self._load,
                main=main,
                describer=model if described and isinstance(model, Describer) else None,
                workers=self._parts.settings.worker_count,
                report=report,
            )

    def _load(self, file: Path) -> Image:
        settings = self._parts.settings
        picture = read_picture(file)
        return decode_image(picture, max_side=settings.image_side, max_pixels=settings.image_pixels)

    def record(self, what: str, **facts: Any) -> None:
        """Leaves the record of a run, with counts and nothing of a person, before its result is shown."""
        case = {} if self._case is None else {"case": self._case}
        self._parts.audit.append_command(f"audit {what}", self._parts.models.faces.version, **facts, **case)


@contextmanager
def auditor(data: Path | None, case: str | None, report: Path | None, *, silent: bool) -> Iterator[Auditor]:
    """Opens the data folder, for the log. Raises RegardError first where the report could not be written."""
    if report is not None and not report.absolute().parent.is_dir():
        raise RegardError(f"There is no folder {report.absolute().parent} for the report.")
    with local_gate(data, case) as gate:
        yield Auditor(gate.parts, case, silent=silent)


def write_report(page: str, report: Path) -> None:
    try:
        report.write_text(page, "utf-8")
    except OSError as error:
        raise RegardError(f"{report} can't be written: {error.strerror}.") from error


def say_unreadable(unreadable: Sequence[tuple[str, str]]) -> None:
    """The first files that could not be looked at, with the reason."""
    for name, reason in unreadable[:_LISTED]:
        say(f"{name}: {reason}", on_stderr=True)
    if len(unreadable) > _LISTED:
        say(f"… and {count(len(unreadable) - _LISTED, 'file')} more.", on_stderr=True)
