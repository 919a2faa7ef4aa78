"""What the training of an adapter writes into its output bucket, in Rekognition's form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from regard.context import Context
from regard.custom.manifests.faults import Fault
from regard.custom.version_records import READY, BucketObject, Made, ProjectVersion
from regard.operations.custom_labels.adapters.fitting import AdapterExamples, shortage
from regard.operations.custom_labels.adapters.judging import AdapterJudgement, JudgedPicture
from regard.operations.custom_labels.adapters.lines import AdapterLine, AdapterLines
from regard.operations.custom_labels.training.artefacts import (
    Artefact,
    OutputFolder,
    json_lines,
    one_json,
)
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart, UseCase
from regard.operations.custom_labels.training.sources import is_split
from regard.operations.custom_labels.training.summaries import PartStatistics, manifest_summary
from regard.operations.custom_labels.training.terminal_errors import (
    MAX_INVALID,
    SEVERAL_BUCKETS,
    TOO_FEW_TO_SPLIT,
    TOO_MANY_INVALID,
    TerminalError,
    TerminalErrors,
)
from regard.operations.custom_labels.training.writing import GROUND_TRUTH, VALIDATION, data_result
from regard.operations.custom_subjects import custom_arn
from regard.operations.pictures.moderation_adapters import ChosenAdapter
from regard.operations.pictures.moderation_taxonomy import VERSION, expanded, label_shapes, with_parents
from regard.operations.shapes.project_versions import threshold_of
from regard.storage.clock import milliseconds

LOWEST: Final = 5.0
"""Percent: labels that are less sure stand in no line."""
_COSTLY: Final = 0.02  # of recall
_TRAINED, _BASE = "detect-moderation-labels", "detect-moderation-labels-base-model"


@dataclass(frozen=True, eq=False, slots=True)
class SeenPicture:
    """A picture as the models see it: `said`, percent, labels above not among them; `features` (D,)."""

    line: AdapterLine
    said: Mapping[str, float]
    features: NDArray[np.floating]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class AdapterOutputs:
    """The objects of one training. Writing them again writes the same, but for the time."""

    ctx: Context
    version: ProjectVersion
    lines: AdapterLines

    def errors(self, faults: Mapping[TrainingExample, Fault]) -> TerminalErrors:
        """What ends the training; `faults` are those of pictures."""
        found: dict[TrainingPart, tuple[TerminalError, ...]] = {}
        for part, one in self._statistics(faults).items():
            buckets = {
                line.example.bucket
                for line in self.lines.lines
                if line.example.part is part and line.is_entry
            }
            checks = (
                (TOO_MANY_INVALID, one.invalid > MAX_INVALID * one.total),
                (SEVERAL_BUCKETS, len(buckets) > 1),
            )
            found[part] = tuple(error for error, is_so in checks if is_so)
        valid = Counter(line.example.part for line in self.lines.pictures if line.example not in faults)
        lacks = not all(valid[part] for part in TrainingPart)
        both = (TOO_FEW_TO_SPLIT if is_split(self.version) else TOO_MANY_INVALID,) if lacks else ()
        return TerminalErrors(found[TrainingPart.TRAINING], found[TrainingPart.TESTING], both)

    def _statistics(self, faults: Mapping[TrainingExample, Fault]) -> dict[TrainingPart, PartStatistics]:
        found = {}
        for part in TrainingPart:
            lines = [one for one in self.lines.lines if one.example.part is part]
            wrong = [one.example.line for one in lines if one.fault or one.example in faults]
            found[part] = PartStatistics(len(lines), len(lines) - len(wrong), len(wrong), 0, wrong)
        return found

    def write_manifests(
        self, errors: TerminalErrors, faults: Mapping[TrainingExample, Fault]
    ) -> BucketObject:
        """The validation manifests and their summary; where the summary is."""
        for part in TrainingPart:
            self._put(VALIDATION[part], json_lines(self._validated(part, faults)))
        summary = manifest_summary(self._statistics(faults), errors, UseCase.MODERATION)
        return self._put(Artefact.MANIFEST_SUMMARY, one_json(summary))

    def write(
        self, model: str, seen: Sequence[SeenPicture], learned: AdapterExamples
    ) -> Callable[[int], Made]:
        """Writes everything of a training whose adapter is kept under the digest `model`. What was made,
        given the milliseconds that it took.
        """
        stored = self.ctx.stores.custom.adapters.get(model)
        adapter = ChosenAdapter(custom_arn(self.ctx.settings, self.version.resource), stored.adapter)
        faults = {one.line.example: one.fault for one in seen if one.fault is not None}
        manifests = self.write_manifests(TerminalErrors(), faults)
        valid = {
            part: [one for one in seen if one.fault is None and one.line.example.part is part]
            for part in TrainingPart
        }
        for part, pictures in valid.items():
            lines = (_line(one, adapter, tests=part is TrainingPart.TESTING) for one in pictures)
            self._put(GROUND_TRUTH[part], json_lines(lines))
        judged = _judged(valid[TrainingPart.TESTING], adapter, threshold_of(self.version))
        summary = judged.summary(
            training=len(valid[TrainingPart.TRAINING]), arn=adapter.arn, ended=milliseconds()
        )
        place = self._put(Artefact.EVALUATION_SUMMARY, one_json(summary))
        self._put(Artefact.MODEL, iter([self.ctx.stores.custom.models.get(model)]))
        warnings = [shortage(learned, threshold_of(self.version)), _cost(judged)]

        def made(milliseconds: int) -> Made:
            return Made(
                training=data_result(self.version, TrainingPart.TRAINING),
                testing=data_result(self.version, TrainingPart.TESTING),
                f1=judged.outcomes(of_adapter=True).f1,
                summary=place,
                manifest_summary=manifests,
                use_case=UseCase.MODERATION.value,
                model=model,
                backbone=stored.base,
                billable_ms=milliseconds,
                message=" ".join([READY, *filter(None, warnings)]),
            )

        return made

    def _put(self, artefact: Artefact, pieces: Iterator[bytes]) -> BucketObject:
        return OutputFolder.of(self.version).write(self.ctx, artefact, pieces)

    def _validated(
        self, part: TrainingPart, faults: Mapping[TrainingExample, Fault]
    ) -> Iterator[Mapping[str, Any]]:
        for one in self.lines.lines:
            if one.example.part is part and one.is_entry:
                fault = one.fault or faults.get(one.example)
                line = _given(one)
                yield line if fault is None else {**line, "cl-errors": [fault.told]}


def _given(line: AdapterLine) -> dict[str, Any]:
    """A line as it was given."""
    given: dict[str, Any] = json.loads(line.content)
    return {name: value for name, value in given.items() if not name.startswith("cl-")}


def _line(one: SeenPicture, adapter: ChosenAdapter, *, tests: bool) -> dict[str, Any]:
    """The line of a picture in a ground truth: what the adapter says, and of a test picture the base."""
    model = {"ModerationModelVersion": VERSION}
    said = label_shapes(adapter.corrected(one.said, one.features), LOWEST)
    line = _given(one.line)
    line[_TRAINED] = {"ModerationLabels": said, **model, "ProjectVersion": adapter.arn}
    if tests:
        line[_BASE] = {"ModerationLabels": label_shapes(one.said, LOWEST), **model}
    return line


def _judged(pictures: Sequence[SeenPicture], adapter: ChosenAdapter, threshold: float) -> AdapterJudgement:
    judged = [
        JudgedPicture(
            with_parents(one.line.example.labels),
            expanded(one.said),
            expanded(adapter.corrected(one.said, one.features)),
        )
        for one in pictures
    ]
    labels = {label for one in judged for label in one.truth}
    labels |= {label for one in judged for said in (one.base, one.adapter) for label in said}
    return AdapterJudgement(judged, sorted(labels), threshold)


def _cost(judged: AdapterJudgement) -> str | None:
    """That it finds less than its base, in a sentence; None where it doesn't."""
    before, after = (judged.outcomes(of_adapter=one).recall for one in (False, True))
    if before is None or after is None or before - after < _COSTLY:
        return None
    return (
        f"Of what the test pictures show it finds {after:.0%}, the base {before:.0%}: add pictures that show "
        "it to the training."
    )
