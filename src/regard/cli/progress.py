"""The bar of what takes long: how much is done, how fast, and how long it still takes."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

_STEPS_APART = 3600.0  # s; of what takes a minute a step, the last few seconds say nothing


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


def share_bar(*, hidden: bool) -> Progress:
    """The same for what isn't counted one by one: the share in percent. Its tasks have a total of 1."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, soft_wrap=True),
        disable=hidden,
        speed_estimate_period=_STEPS_APART,
    )
