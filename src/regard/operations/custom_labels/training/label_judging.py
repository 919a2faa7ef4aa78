"""Judging a training of labels of whole pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.evaluation_lines import evaluation_line, training_line
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.label_report import label_report
from regard.operations.custom_labels.training.opening import open_again
from regard.operations.custom_labels.training.reporting import Reporting
from regard.operations.custom_labels.training.writing import ModelJudgement
from regard.vision.custom.evaluation import evaluate_confidences
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.model_file import StoredLabelModel
from regard.vision.custom.tuned_labels import TunedLabelModel, open_labels
from regard.vision.pixels import Floats


def judge_labels(
    ctx: Context,
    version: ProjectVersion,
    course: Course,
    fit: LabelFit,
    test: LabelExamples,
    *,
    model: str,
    said: Floats | None,
) -> ModelJudgement:
    """What the kept `model` is worth, whose frozen part is that of `fit`. `test`: the test pictures; `said`
    (N, L): the confidences that the model gives them, None where they aren't known any more.
    """
    trained = open_labels(ctx.stores.custom.models.get(model))
    if said is None:
        if isinstance(trained, TunedLabelModel):
            said = confidences_of_test(ctx, course, trained)
        else:
            said = trained.model.confidences(test.features)
    evaluation = evaluate_confidences(trained.names, said, trained.thresholds, test)
    return ModelJudgement(
        training_lines=(
            training_line(one, course.labels_of(one), version.created)
            for _, one in course.valid(TrainingPart.TRAINING)
        ),
        testing_lines=_evaluated(version, course, trained, said),
        thresholds=trained.thresholds,
        backbone=trained.backbone.digest,
        page=partial(label_report, Reporting(ctx, version, course), fit, evaluation, trained.tuning),
    )


def confidences_of_test(ctx: Context, course: Course, trained: TunedLabelModel) -> Floats:
    """(N, L), 0 to 1, of the test pictures, which are opened for it."""
    return trained.confidences(open_again(ctx, one) for _, one in course.valid(TrainingPart.TESTING))


def _evaluated(
    version: ProjectVersion, course: Course, trained: StoredLabelModel | TunedLabelModel, said: Floats
) -> Iterator[Mapping[str, Any]]:
    """The lines of the test set."""
    for number, (_, example) in enumerate(course.valid(TrainingPart.TESTING)):
        yield evaluation_line(
            example,
            tuple(one for one in course.labels_of(example) if one in trained.thresholds),
            dict(zip(trained.names, said[number].tolist(), strict=True)),
            trained.thresholds,
            number=number + 1,
            created=version.created,
        )
