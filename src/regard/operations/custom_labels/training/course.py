"""The course of a training: which pictures there are, which are of use, and how far it has come."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from regard.context import Context
from regard.custom.manifests.entry import UselessLine
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.reading import ReadLine
from regard.errors import ResourceNotFoundException
from regard.jobs.records import Item, Job, Step
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart, UseCase
from regard.operations.custom_labels.training.splitting import split_examples
from regard.operations.custom_labels.training.summaries import PartStatistics
from regard.operations.custom_labels.training.terminal_errors import (
    TerminalErrors,
    check_examples,
    usable_labels,
    use_case_of,
)

LINES: Final = {TrainingPart.TRAINING: "TRAINING", TrainingPart.TESTING: "TESTING"}
"""The views of a job's items that hold the lines of the two sets."""
UNUSABLE: Final = "UNUSABLE"
"""The view of what is wrong with pictures: `part`, `line`, `code`, `message`."""
_PAGE: Final = 1000


class Stopwatch:
    """Milliseconds of work, those of the steps before among them."""

    def __init__(self, before: int) -> None:
        self._before = before
        self._begun = time.monotonic()

    @property
    def milliseconds(self) -> int:
        return self._before + round(1000 * (time.monotonic() - self._begun))


def timed(steps: Iterator[Step], watch: Stopwatch) -> Iterator[Step]:
    """The steps, each with the work so far in its state."""
    for step in steps:
        yield replace(step, state={**step.state, "worked_ms": watch.milliseconds})


def milliseconds_worked(job: Job | Step) -> int:
    """How long a training has worked, as of a step."""
    return 0 if job.state is None else int(job.state.get("worked_ms", 0))


def seed_of(resource: str) -> int:
    """The seed of a version: the same as long as it is the same version, below 2**63."""
    return int.from_bytes(hashlib.sha256(resource.encode()).digest()[:8], "little") >> 1


def stored(ctx: Context, job: Job, view: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What the job keeps under a view, in the order of the lines. Raises ResourceNotFoundException where that
    is gone, as it is once the job is cancelled.
    """
    if ctx.stores.jobs.find(job.job_id) is None:
        raise ResourceNotFoundException("The training has ended meanwhile.")
    after: int | None = None
    while found := ctx.stores.jobs.items(job, view=view, by_key=False, after=after, limit=_PAGE):
        yield from ((item.timestamp, item.body) for _, item in found)
        after = found[-1][0]


def line_item(part: TrainingPart, line: ReadLine) -> Item:
    """A line as the job keeps it."""
    if isinstance(line, UselessLine):
        body: dict[str, Any] = {"fault": line.fault.told}
    else:
        body = {**TrainingExample.read(part, line).kept(), "content": line.content}
    return Item(line.number, "", body, LINES[part])


def unusable_item(example: TrainingExample, error: Fault) -> Item:
    """What is wrong with a picture as the job keeps it."""
    body = {
        "part": example.part.value,
        "line": example.line,
        "code": error.code.value,
        "message": error.message,
    }
    return Item(example.line, "", body, UNUSABLE)


@dataclass(frozen=True)
class Course:
    """The lines of a training, all of them, and those whose pictures turned out to be of no use.

    `lines` are in order, those of training first. `unusable` has (part, line).
    """

    lines: Sequence[TrainingExample]
    unusable: Mapping[tuple[TrainingPart, int], Fault] = field(default_factory=dict)

    @classmethod
    def load(cls, ctx: Context, job: Job, *, seed: str | None) -> Course:
        """That of a job. With a `seed`, a fifth of the training lines is the test set."""
        lines = list(_without_repeated(ctx, job))
        if seed is not None:
            lines = split_examples(lines, seed)
        unusable = {}
        for line, body in stored(ctx, job, UNUSABLE):
            fault = Fault(FaultCode(body["code"]), body["message"])
            unusable[TrainingPart(body["part"]), line] = fault
        return cls(lines, unusable)

    @cached_property
    def use_case(self) -> UseCase:
        """Boxes or labels, as the lines have them."""
        return use_case_of(one for one in self.lines if one.is_usable)

    @cached_property
    def pictures(self) -> Sequence[TrainingExample]:
        """Those whose pictures are opened: labelled, and nothing is known against them; where boxes are
        learned, those that show nothing, too. Training first.
        """
        shows_nothing = self.use_case is UseCase.BOXES
        wanted = [
            one
            for one in self.lines
            if one.is_usable and (usable_labels(one, self.use_case) or (shows_nothing and one.is_background))
        ]
        return sorted(wanted, key=lambda one: one.part is TrainingPart.TESTING)

    def is_valid(self, example: TrainingExample) -> bool:
        """Whether a picture of `pictures` has turned out to be of use."""
        return (example.part, example.line) not in self.unusable

    def fault_of(self, example: TrainingExample) -> Fault | None:
        """What is wrong with its picture."""
        return self.unusable.get((example.part, example.line))

    def valid(self, part: TrainingPart) -> list[tuple[int, TrainingExample]]:
        """The pictures of a set that are learned from or judged by, with their places in `pictures`."""
        return [
            (place, one) for place, one in enumerate(self.pictures) if one.part is part and self.is_valid(one)
        ]

    def labels_of(self, example: TrainingExample) -> tuple[str, ...]:
        """The labels that count."""
        return usable_labels(example, self.use_case)

    def statistics(self) -> dict[TrainingPart, PartStatistics]:
        """How many lines the sets have, of use and of none."""
        return {part: self._statistics(part) for part in TrainingPart}

    def errors(self) -> TerminalErrors:
        """What ends the training, by what is known so far."""
        found = self.statistics()
        usable = [one for one in self.lines if one.is_usable and self.is_valid(one)]
        return check_examples(
            usable,
            Counter({part: one.invalid for part, one in found.items()}),
            Counter({part: one.total for part, one in found.items()}),
            self.use_case,
        )

    def _statistics(self, part: TrainingPart) -> PartStatistics:
        lines = [one for one in self.lines if one.part is part]
        wrong = [one.line for one in lines if not (one.is_usable and self.is_valid(one))]
        ignored = sum(
            one.is_usable and self.is_valid(one) and not usable_labels(one, self.use_case) for one in lines
        )
        return PartStatistics(len(lines), len(lines) - len(wrong) - ignored, len(wrong), ignored, wrong)


def _without_repeated(ctx: Context, job: Job) -> Iterator[TrainingExample]:
    """The lines of a job; one whose picture an earlier line of its set has is of no use."""
    for part in TrainingPart:
        seen: set[str] = set()
        for line, body in stored(ctx, job, LINES[part]):
            example = TrainingExample.of(part, line, body)
            yield replace(example, is_usable=False) if example.reference in seen else example
            if example.is_usable:
                seen.add(example.reference)
