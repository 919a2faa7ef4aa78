"""The last stage of a training: everything that lands in the output bucket."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regard.context import Context
from regard.custom.manifests.faults import Fault
from regard.custom.version_records import BucketObject, Made, ProjectVersion
from regard.operations.custom_labels.training.artefacts import (
    Artefact,
    OutputFolder,
    json_lines,
    one_json,
)
from regard.operations.custom_labels.training.course import LINES, Course, stored
from regard.operations.custom_labels.training.evaluation_lines import (
    EvaluationTally,
)
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.sources import MEMBERS, is_split
from regard.operations.custom_labels.training.summaries import evaluation_summary, manifest_summary
from regard.operations.custom_labels.training.terminal_errors import TerminalErrors
from regard.operations.custom_subjects import custom_arn
from regard.storage.clock import milliseconds

GROUND_TRUTH = {
    TrainingPart.TRAINING: Artefact.TRAINING_GROUND_TRUTH,
    TrainingPart.TESTING: Artefact.TESTING_GROUND_TRUTH,
}
"""The ground truth of each set."""
VALIDATION = {
    TrainingPart.TRAINING: Artefact.TRAINING_VALIDATION,
    TrainingPart.TESTING: Artefact.TESTING_VALIDATION,
}
"""Its lines, with what is wrong with each."""


@dataclass(frozen=True, slots=True)
class ModelJudgement:
    """What a training has come to: the lines of its ground truths; `thresholds`, 0 to 1, by label; the digest
    of the `backbone`; `page` makes the report, given the mean F1. `average_precision`, by label, is that of
    boxes.
    """

    training_lines: Iterable[Mapping[str, Any]]
    testing_lines: Iterable[Mapping[str, Any]]
    thresholds: Mapping[str, float]
    backbone: str
    page: Callable[[float], bytes]
    average_precision: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """The objects of one training. Writing them again writes the same."""

    ctx: Context
    version: ProjectVersion
    course: Course

    def write_manifests(self, errors: TerminalErrors) -> BucketObject:
        """The validation manifests and their summary; where the summary is."""
        for part in TrainingPart:
            self._put(VALIDATION[part], json_lines(self._validated(part)))
        summary = manifest_summary(self.course.statistics(), errors, self.course.use_case)
        return self._put(Artefact.MANIFEST_SUMMARY, one_json(summary))

    def write(self, model: str, judged: ModelJudgement) -> Callable[[int], Made]:
        """Writes everything of a training that has come to a model, which is kept under the digest `model`.
        What was made, given the milliseconds that it took.
        """
        manifests = self.write_manifests(TerminalErrors())
        self._put(GROUND_TRUTH[TrainingPart.TRAINING], json_lines(judged.training_lines))
        tally = EvaluationTally()
        self._put(GROUND_TRUTH[TrainingPart.TESTING], json_lines(_counted(judged.testing_lines, tally)))
        summary = self._summary(tally, judged)
        place = self._put(Artefact.EVALUATION_SUMMARY, one_json(summary))
        self._put(Artefact.MODEL, iter([self.ctx.stores.custom.models.get(model)]))
        f1 = float(summary["AggregatedEvaluationResults"]["F1Score"])
        self._put(Artefact.REPORT, iter([judged.page(f1)]))

        def made(milliseconds: int) -> Made:
            return Made(
                training=data_result(self.version, TrainingPart.TRAINING),
                testing=data_result(self.version, TrainingPart.TESTING),
                f1=f1,
                summary=place,
                manifest_summary=manifests,
                use_case=self.course.use_case.value,
                model=model,
                backbone=judged.backbone,
                billable_ms=milliseconds,
            )

        return made

    def _put(self, artefact: Artefact, pieces: Iterator[bytes]) -> BucketObject:
        return OutputFolder.of(self.version).write(self.ctx, artefact, pieces)

    def _validated(self, part: TrainingPart) -> Iterator[Mapping[str, Any]]:
        """The lines of a set, each with what is wrong with it; of lines that are no entry, nothing."""
        in_part = {(one.line, one.reference): one for one in self.course.lines if one.part is part}
        views = [TrainingPart.TRAINING] if is_split(self.version) else [part]
        for view in views:
            for line, body in stored(self.ctx, self.ctx.job, LINES[view]):
                example = in_part.get((line, body.get("ref", "")))
                if example is not None and "content" in body:
                    yield _with_fault(json.loads(body["content"]), self.course.fault_of(example))

    def _summary(self, tally: EvaluationTally, judged: ModelJudgement) -> dict[str, Any]:
        training = [one for _, one in self.course.valid(TrainingPart.TRAINING)]
        return evaluation_summary(
            tally,
            judged.thresholds,
            training=Counter(label for one in training for label in self.course.labels_of(one)),
            pictures={part: len(self.course.valid(part)) for part in TrainingPart},
            arn=custom_arn(self.ctx.settings, self.version.resource),
            ended=milliseconds(),
            average_precision=judged.average_precision,
        )


def data_result(version: ProjectVersion, part: TrainingPart) -> dict[str, Any]:
    """TrainingDataResult or TestingDataResult of a version whose objects are written."""
    request, output = version.request, OutputFolder.of(version)
    given = dict(request.get(MEMBERS[part]) or {})
    split = {"AutoCreate": is_split(version)} if part is TrainingPart.TESTING else {}
    return {
        "Input": {**split, **given},
        "Output": assets_of(output.place(GROUND_TRUTH[part])) | split,
        "Validation": assets_of(output.place(VALIDATION[part])),
    }


def _counted(lines: Iterable[Mapping[str, Any]], tally: EvaluationTally) -> Iterator[Mapping[str, Any]]:
    """The lines, each counted as it is written."""
    for line in lines:
        tally.add(line)
        yield line


def assets_of(place: BucketObject) -> dict[str, Any]:
    """A manifest as the results of a version name it."""
    where = {"Bucket": place.bucket, "Name": place.name}
    return {"Assets": [{"GroundTruthManifest": {"S3Object": where}}]}


def _with_fault(line: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    """A line that says what is wrong with its picture, beside what is wrong with the line itself."""
    if fault is not None:
        line["cl-errors"] = [*line.get("cl-errors", []), fault.told]
    return line
