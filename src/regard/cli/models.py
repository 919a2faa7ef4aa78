"""`regard models`: which model packs there are, and getting them onto this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from regard.cli.lazy import Entry, LazyGroup
from regard.cli.printing import print_table, say
from regard.packs import progress as packs_progress
from regard.packs.install import InstalledPack
from regard.packs.install import install as install_pack
from regard.packs.manifest import PackError, builtin_packs, find_pack
from regard.packs.transfer import export_pack, import_pack
from regard.presentation.tables import Header, Table, numbers
from regard.settings import Settings


class Cards(LazyGroup):
    """What needs NumPy and more."""

    entries = (
        Entry("card", "regard.cli.card:card", "Print a face model's card: error rates, and limits."),
        Entry(
            "upgrade",
            "regard.cli.upgrading:upgrade",
            "Make a collection's vectors anew by another face model.",
        ),
    )


app = typer.Typer(cls=Cards, help="List, install, check and carry model packs.", no_args_is_help=True)

PackName = Annotated[
    str | None,
    typer.Argument(metavar="PACK", help="A pack's name or .toml file; REGARD_PACK, else `default`."),
]
ModelsFolder = Annotated[
    Path | None, typer.Option("--models", help="Folder of the packs; REGARD_MODELS, else a cache folder.")
]


@app.command("list")
def list_(models: ModelsFolder = None) -> None:
    """List every pack's models: what for, under which licence, how large, and whether they are installed."""
    folder = Settings.load(models=models).models
    rows = []
    for name in builtin_packs():
        pack, state = find_pack(name), "yes" if _is_installed(name, folder) else "no"
        for model in pack.models.values():
            rows.append((name, model.name, model.task, model.licence, f"{model.size / 1e6:.1f}", state))
    words = (Header(title) for title in ("Pack", "Model", "Task", "Licence"))
    print_table(Table([*words, *numbers("MB"), Header("Installed")], rows))


@app.command("install")
def install(
    name: PackName = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing, and say nothing, when the pack is there.")
    ] = False,
    mirror: Annotated[
        Path | None, typer.Option(help="Folder with the archives; nothing else is asked for them.")
    ] = None,
    models: ModelsFolder = None,
) -> None:
    """Fetch a pack's models, convert and verify them."""
    settings = Settings.load(pack=name, models=models)
    if if_missing and _is_installed(settings.pack, settings.models):
        return
    pack = find_pack(settings.pack)
    with _bars() as report:
        installed = install_pack(pack, settings.models, mirror=mirror, progress=report)
    say(f"The pack {installed.name} is installed in {installed.folder}.")


@app.command("verify")
def verify(name: PackName = None, models: ModelsFolder = None) -> None:
    """Check each model of an installed pack against its SHA-256."""
    settings = Settings.load(pack=name, models=models)
    pack = InstalledPack.load(settings.pack, settings.models)
    say(f"The {len(pack.paths())} models of {pack.name} in {pack.folder} are what they should be.")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The .tar file to write.")],
    name: PackName = None,
    models: ModelsFolder = None,
) -> None:
    """Write an installed pack to one file, for a machine without a network."""
    settings = Settings.load(pack=name, models=models)
    export_pack(InstalledPack.load(settings.pack, settings.models), file)
    say(f"The pack {settings.pack} is in {file}.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `regard models export` wrote.")],
    models: ModelsFolder = None,
) -> None:
    """Install a pack from an exported file, verified."""
    folder = Settings.load(models=models).models
    with _bars() as report:
        pack = import_pack(file, folder, progress=report)
    say(f"The pack {pack.name} is installed in {pack.folder}.")


def _is_installed(name: str, models: Path | None) -> bool:
    with suppress(PackError):
        return bool(InstalledPack.load(name, models))
    return False


@contextmanager
def _bars() -> Iterator[packs_progress.Progress]:
    """A progress bar for each step, on standard error."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total or None)
            bars.update(tasks[step], completed=done)

        yield report
