"""Running a training: step by step, so that whoever goes on after a crash comes to the same model.

The lines are kept as the job's items first, so that what becomes of a data set afterwards changes nothing;
then the features of the pictures are read into a file; the fit and what is written follow from these, from
the version's ARN, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection

from regard.context import Context
from regard.custom.version_records import BucketObject, ProjectVersion
from regard.custom.versions import keep_made, keep_manifest_summary
from regard.errors import InvalidManifestException
from regard.governance.purpose import NONE_TAG
from regard.jobs.records import Item, Step
from regard.operations.custom_labels.adapters.run import AdapterTraining
from regard.operations.custom_labels.outputs import try_output
from regard.operations.custom_labels.training.artefacts import OutputFolder
from regard.operations.custom_labels.training.box_training import BoxTraining
from regard.operations.custom_labels.training.box_tuning import BoxTuning
from regard.operations.custom_labels.training.course import (
    Course,
    Stopwatch,
    line_item,
    seed_of,
    timed,
    unusable_item,
)
from regard.operations.custom_labels.training.examples import TrainingPart, UseCase
from regard.operations.custom_labels.training.feature_file import FeatureFile
from regard.operations.custom_labels.training.fitting import examples_of, fit_course
from regard.operations.custom_labels.training.kept_features import KeptFeatures
from regard.operations.custom_labels.training.label_judging import judge_labels
from regard.operations.custom_labels.training.label_tuning import LabelTuning
from regard.operations.custom_labels.training.reading import read_pictures
from regard.operations.custom_labels.training.sources import DATASETS, EMPTY, is_split, source_of
from regard.operations.custom_labels.training.splitting import can_be_split
from regard.operations.custom_labels.training.terminal_errors import TOO_FEW_TO_SPLIT, TerminalErrors
from regard.operations.custom_labels.training.tuning_files import TuningFiles
from regard.operations.custom_labels.training.writing import ModelJudgement, Outputs
from regard.vision.custom.boxes import BoxFit
from regard.vision.custom.label_model import LabelFit

_LINES: Final = 500  # a step
_GATHERED, _READ, _FITTED = 0.05, 0.9, 0.95  # of the progress


def train(ctx: Context, _request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The rest of a training."""
    watch = Stopwatch(0 if state is None else int(state["worked_ms"]))
    version = ctx.stores.custom.versions.of_job(ctx.job.job_id)
    if version.is_adapter:
        return timed(AdapterTraining(ctx, version, watch).steps(state), watch)
    training = TrainingRun(ctx, version, watch)
    return timed(training.steps(state or _begun(TrainingPart.TRAINING)), watch)


def _begun(part: TrainingPart) -> dict[str, Any]:
    return {"stage": "lines", "part": part.value, "line": 0, "place": 0}


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One training."""

    ctx: Context
    version: ProjectVersion
    watch: Stopwatch

    def steps(self, state: dict[str, Any]) -> Iterator[Step]:
        """What is left behind a state."""
        if state["stage"] == "done":
            self._clean()
            return
        if state["stage"] == "lines":
            yield from self._gather(state)
            state = {"stage": "read", "done": 0}
        course, features = self._course(), self._features()
        total = len(course.pictures)
        done, model = state.get("done", total), state.get("model")
        if not done or state["stage"] == "failed":
            yield from self._check(course)
        if features.resume(done) < total:
            yield from self._read(course, features, done)
            course, model = self._course(), None
        if model is None:
            yield from self._check(course)
        if course.use_case is UseCase.BOXES:
            yield from self._boxes(course, model, state)
        else:
            yield from self._labels(course, features, model, state)
        self._clean()

    def _labels(
        self, course: Course, features: FeatureFile, model: str | None, state: dict[str, Any]
    ) -> Iterator[Step]:
        """The fit, its judgement, and all that is written of labels of whole pictures: on the frozen network
        and then, where that can help, fine-tuned.
        """
        fit, said = self._fit(course, features), None
        test = examples_of(course, features, TrainingPart.TESTING)
        if model is None:
            seed = seed_of(self.version.resource)
            tuning = LabelTuning(self.ctx, course, fit, test, self._tuning_files(), seed)
            content, said = yield from tuning.steps(state)
            model = self.ctx.stores.custom.models.put(content)
            yield self._fitted(model)
        judged = judge_labels(self.ctx, self.version, course, fit, test, model=model, said=said)
        yield self._written(course, model, judged)

    def _boxes(self, course: Course, model: str | None, state: dict[str, Any]) -> Iterator[Step]:
        """The same of boxes, on the frozen network and then, where that can be, fine-tuned."""
        training, findings = BoxTraining(self.ctx, course), None
        if model is None:
            seed = seed_of(self.version.resource)
            tuning = BoxTuning(self.ctx, training, self._tuning_files(), seed)
            frozen = tuning.kept(state)
            if frozen is None:
                state = {"stage": "read", "done": len(course.pictures)}
                frozen = tuning.frozen((yield from self._frozen_fit(training, seed, state)))
            content, findings = yield from tuning.steps(frozen, state)
            model = self.ctx.stores.custom.models.put(content)
            yield self._fitted(model)
        yield self._written(course, model, training.judge(self.version, model, findings))

    def _frozen_fit(
        self, training: BoxTraining, seed: int, state: dict[str, Any]
    ) -> Generator[Step, None, BoxFit]:
        """A fit that takes long: how far it is, is told. Broken off, it begins anew."""
        with closing(training.fit(seed)) as fitting:
            for told in fitting:
                if isinstance(told, BoxFit):
                    return told
                yield Step([], state, _READ, _told(f"{told:.0%} of the boxes' fit."))
        raise AssertionError("A fit ends with what it has come to.")

    def _fitted(self, model: str) -> Step:
        return Step([], {"stage": "write", "model": model}, _FITTED, _told("the model is evaluated."))

    def _course(self) -> Course:
        seed = self.version.resource if is_split(self.version) else None
        return Course.load(self.ctx, self.ctx.job, seed=seed)

    def _features(self) -> FeatureFile:
        width = self.ctx.models.features.dimension
        return FeatureFile(self.ctx.settings.data, self.ctx.job.job_id, width)

    def _kept(self) -> dict[TrainingPart, KeptFeatures]:
        """The features that are kept of the data sets, those of training for both where they are split."""
        features, kept = self.ctx.models.features, {}
        for part in TrainingPart:
            of = TrainingPart.TRAINING if is_split(self.version) else part
            dataset = self.version.request["Datasets"].get(DATASETS[of])
            if dataset is not None:
                kept[part] = KeptFeatures(
                    self.ctx.settings.data, dataset, features.digest, features.dimension
                )
        return kept

    def _tuning_files(self) -> TuningFiles:
        return TuningFiles(self.ctx.settings.data, self.ctx.job.job_id)

    def _clean(self) -> None:
        """Removes what a training that has ended needs no more."""
        self._features().remove()
        self._tuning_files().keep_only()

    def _fit(self, course: Course, features: FeatureFile) -> LabelFit:
        """The same, whenever it is made: the features, the seed and the threads are."""
        tags = self.ctx.stores.custom.versions.project_tags(self.version)
        return fit_course(
            self.ctx, course, features, seed=seed_of(self.version.resource), none_label=tags.get(NONE_TAG)
        )

    def _gather(self, state: dict[str, Any]) -> Iterator[Step]:
        """Keeps the lines of both sets."""
        try_output(self.ctx, OutputFolder.of(self.version))
        parts = [TrainingPart.TRAINING] if is_split(self.version) else list(TrainingPart)
        for part in parts[parts.index(TrainingPart(state["part"])) :]:
            reached = state if part.value == state["part"] else _begun(part)
            yield from self._gather_part(part, reached)

    def _gather_part(self, part: TrainingPart, reached: dict[str, Any]) -> Iterator[Step]:
        source = source_of(self.ctx, self.version, part)
        digest = source.digest()
        if reached.setdefault("digest", digest) != digest:
            raise InvalidManifestException("The manifest was replaced while it was read.")
        lines = source.lines(reached["line"], reached["place"])
        while some := list(islice(lines, _LINES)):
            reached = {**reached, "line": some[-1][1].number, "place": some[-1][0]}
            items = [line_item(part, line) for _, line in some]
            yield Step(items, reached, 0.0, _told(f"{reached['line']:,} lines of the {part} set read."))
        if not reached["line"]:
            raise InvalidManifestException(EMPTY)

    def _check(self, course: Course) -> Iterator[Step]:
        """Ends the training where the lines or the pictures don't do, with what was found written out."""
        errors = course.errors()
        if is_split(self.version) and not can_be_split([one for one in course.lines if course.is_valid(one)]):
            errors = TerminalErrors((TOO_FEW_TO_SPLIT,))
        if errors.all:
            yield self._told_of(Outputs(self.ctx, self.version, course).write_manifests(errors))
            raise InvalidManifestException(" ".join(error.message for error in errors.all))

    def _told_of(self, summary: BucketObject) -> Step:
        """The step after which the version says where the summary of its manifests is."""
        job_id = self.ctx.job.job_id

        def keep(connection: Connection) -> Mapping[str, Any]:
            keep_manifest_summary(connection, job_id, summary)
            return {}

        return Step([Item(0, "", {}, "SUMMARY", keep)], {"stage": "failed"}, 0.0)

    def _read(self, course: Course, features: FeatureFile, done: int) -> Iterator[Step]:
        done, total = features.resume(done), len(course.pictures)
        for read in read_pictures(self.ctx, course.pictures, done, self._kept()):
            features.append(read.features)
            done += len(read.features)
            wrong = [unusable_item(course.pictures[place], fault) for place, fault in read.errors.items()]
            share = _GATHERED + (_READ - _GATHERED) * done / total
            told = _told(f"{share:.0%}, {done:,} of {total:,} images read.")
            yield Step(wrong, {"stage": "read", "done": done}, share, told)

    def _written(self, course: Course, model: str, judged: ModelJudgement) -> Step:
        made = Outputs(self.ctx, self.version, course).write(model, judged)
        job_id, watch = self.ctx.job.job_id, self.watch

        def keep(connection: Connection) -> Mapping[str, Any]:
            keep_made(connection, job_id, made(watch.milliseconds))
            return {}

        return Step([Item(0, "", {}, "MADE", keep)], {"stage": "done"}, 1.0)


def _told(how_far: str) -> dict[str, str]:
    """What DescribeProjectVersions says meanwhile."""
    return {"StatusMessage": f"Training: {how_far}"}
