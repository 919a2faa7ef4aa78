"""From the features of a training to the model's file."""

from __future__ import annotations

from collections.abc import Sequence

from regard.context import Context
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.feature_file import FeatureFile
from regard.vision.custom.examples import Features, LabelExamples
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.model_file import Backbone, StoredLabelModel, write_label_model
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.custom.thresholds import assumed_thresholds
from regard.vision.custom.tuning.outcome import TuningOutcome


def fit_course(
    ctx: Context, course: Course, features: FeatureFile, *, seed: int, none_label: str | None
) -> LabelFit:
    """The fit on the training pictures: the same of the same pictures and seed."""
    model = ctx.models.features
    return fit_labels(
        examples_of(course, features, TrainingPart.TRAINING),
        seed=seed,
        none_label=none_label,
        centroids=load_centroids(model.networks[0], model.dimension),
    )


def frozen_file(ctx: Context, fit: LabelFit, test: LabelExamples, tuning: TuningOutcome) -> bytes:
    """The file of a fit's model, with the thresholds that the test pictures give it, and with what came of
    fine-tuning.
    """
    thresholds = assumed_thresholds(fit, test)
    return write_label_model(StoredLabelModel(fit.model, thresholds, backbone_of(ctx), tuning))


def backbone_of(ctx: Context) -> Backbone:
    """The network that labels are learned on."""
    return Backbone(ctx.models.features.networks[0], ctx.models.features.digest)


def examples_of(course: Course, features: FeatureFile, part: TrainingPart) -> LabelExamples:
    """The pictures of a set with their labels. Those of the training set stay in the file."""
    rows = features.mapped(len(course.pictures))
    valid = course.valid(part)
    labels = tuple(course.labels_of(one) for _, one in valid)
    return LabelExamples(_taken(rows, [place for place, _ in valid]), labels)


def _taken(rows: Features, places: Sequence[int]) -> Features:
    """Rows of a file: a part of it as it is where they follow each other, else a copy."""
    if places and places[-1] - places[0] + 1 == len(places):
        return rows[places[0] : places[-1] + 1]
    return rows[list(places)]
