"""Commands that are imported when they are run, so that `regard --help` needs none of what they need."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name, where its function or its Typer app is (`module:name`), and one line of help."""

    name: str
    target: str
    help: str


class LazyCommand(TyperCommand):
    """Stands for a command until it is run, or its own help is asked for."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.help)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command that this one stands for, which takes over."""
        return self.load().make_context(info_name, args, parent, **extra)

    def load(self) -> Any:
        """Imports the command."""
        module, _, name = self._entry.target.partition(":")
        target = getattr(import_module(module), name)
        parent = typer.Typer(add_completion=False)
        if isinstance(target, typer.Typer):
            parent.add_typer(target, name=self._entry.name)
        else:
            parent.command(self._entry.name)(target)
        return get_group(parent).commands[self._entry.name]


class LazyGroup(TyperGroup):
    """A group of the commands in `entries`."""

    entries: ClassVar[tuple[Entry, ...]] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for entry in self.entries:
            self.add_command(LazyCommand(entry))
