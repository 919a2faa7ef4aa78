"""The bar of what takes long: how much is done, how fast, and how long it still takes."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def bar(*, hidden: bool) -> Progress:
    """A bar on standard error. Its tasks have a field `rate`, which is text."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, soft_wrap=True),
        disable=hidden,
    )
