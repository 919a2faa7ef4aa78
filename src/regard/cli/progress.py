"""The bar of what takes long: how much is done, how fast, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
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


@contextmanager
def step_bars(*, hidden: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each step of what is told: the step, what of it is done, and how much it is in all."""
    with bar(hidden=hidden) as progress:
        tasks: dict[str, tuple[TaskID, int, float]] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                task = progress.add_task(step, total=total, completed=done, rate="")
                tasks[step] = task, done, time.monotonic()
                return
            task, first, started = tasks[step]
            rate = (done - first) / max(time.monotonic() - started, 1e-9)
            progress.update(task, completed=done, total=total, rate=f"{rate:,.1f}/s")

        yield report


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
