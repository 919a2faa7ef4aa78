"""Judging a training of labels of whole pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.evaluation_lines import evaluation_line, training_line
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.feature_file import FeatureFile
from regard.operations.custom_labels.training.fitting import examples_of
from regard.operations.custom_labels.training.label_report import label_report
from regard.operations.custom_labels.training.reporting import Reporting
from regard.operations.custom_labels.training.writing import ModelJudgement
from regard.vision.custom.evaluation import evaluate_labels
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.model_file import StoredLabelModel, read_label_model

_BLOCK: Final = 1024  # pictures that are judged at a time


def judge_labels(
    ctx: Context, version: ProjectVersion, course: Course, features: FeatureFile, fit: LabelFit, model: str
) -> ModelJudgement:
    """What the kept `model`, which is that of `fit`, is worth."""
    trained = read_label_model(ctx.stores.custom.models.get(model))
    test = examples_of(course, features, TrainingPart.TESTING)
    evaluation = evaluate_labels(trained.model, trained.thresholds, test)
    return ModelJudgement(
        training_lines=(
            training_line(one, course.labels_of(one), version.created)
            for _, one in course.valid(TrainingPart.TRAINING)
        ),
        testing_lines=_evaluated(version, course, trained, test),
        thresholds=trained.thresholds,
        backbone=trained.backbone.digest,
        page=partial(label_report, Reporting(ctx, version, course), fit, evaluation),
    )


def _evaluated(
    version: ProjectVersion, course: Course, trained: StoredLabelModel, test: LabelExamples
) -> Iterator[Mapping[str, Any]]:
    """The lines of the test set."""
    valid = course.valid(TrainingPart.TESTING)
    for begin in range(0, len(valid), _BLOCK):
        said = trained.model.confidences(test.features[begin : begin + _BLOCK]).tolist()
        for number, ((_, example), row) in enumerate(zip(valid[begin : begin + _BLOCK], said, strict=True)):
            yield evaluation_line(
                example,
                tuple(one for one in course.labels_of(example) if one in trained.thresholds),
                dict(zip(trained.model.names, row, strict=True)),
                trained.thresholds,
                number=begin + number + 1,
                created=version.created,
            )
