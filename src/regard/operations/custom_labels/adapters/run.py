"""Running the training of an adapter, step by step, so that whoever goes on comes to the same bytes.

The manifests are read anew by whoever goes on, and must be the same. Each picture is decoded once: what the
base says of it is kept as the job's items, its features in a file of the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from regard.context import Context
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.version_records import BucketObject, ProjectVersion
from regard.custom.versions import keep_made, keep_manifest_summary
from regard.errors import InvalidManifestException
from regard.jobs.records import Item, Step
from regard.operations.custom_labels.adapters.fitting import AdapterExamples, fit_adapter
from regard.operations.custom_labels.adapters.lines import AdapterLine, AdapterLines
from regard.operations.custom_labels.adapters.outputs import AdapterOutputs, SeenPicture
from regard.operations.custom_labels.adapters.seeing_task import BaseSeeing, SeeingTask
from regard.operations.custom_labels.outputs import try_output
from regard.operations.custom_labels.training.artefacts import OutputFolder
from regard.operations.custom_labels.training.course import Stopwatch, stored
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.feature_file import FeatureFile
from regard.operations.custom_labels.training.reading import STEP
from regard.operations.pictures.moderation import sayable_labels
from regard.operations.pictures.moderation_adapters import base_digest
from regard.operations.shapes.project_versions import threshold_of
from regard.tasks.choice import executor_of
from regard.tasks.task_node import TaskNode
from regard.vision.custom.adapter_file import StoredAdapter, write_adapter
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.custom.onnx_file import Backbone

_SEEN: Final = "SEEN"
"""The view of what was seen of pictures, by their places: `said`, or `code` and `message`."""
_READ, _FITTED = 0.9, 0.95  # of the progress
_NOTHING: Final = (
    "The base model errs on none of the training pictures, and no label is named: an adapter is trained on "
    "false alarms, or on pictures whose label the base misses."
)


@dataclass(frozen=True)
class AdapterTraining:
    """One training of an adapter."""

    ctx: Context
    version: ProjectVersion
    watch: Stopwatch

    def steps(self, state: dict[str, Any] | None) -> Iterator[Step]:
        """What is left behind a state, None at the beginning."""
        features = self._features()
        if state is not None and state["stage"] == "done":
            features.remove()
            return
        lines = AdapterLines.read(self.ctx, self.version)
        if state is None:
            try_output(self.ctx, OutputFolder.of(self.version))
            state = {"stage": "read", "digests": lines.digests, "done": 0}
        elif state["digests"] != lines.digests:
            raise InvalidManifestException("The manifest was replaced while its images were read.")
        outputs = AdapterOutputs(self.ctx, self.version, lines)
        if not state["done"]:
            yield from self._checked(outputs, {}, state)
        pictures, model = lines.pictures, state.get("model")
        done = features.resume(state["done"])
        if done < len(pictures):
            yield from self._read(pictures, features, done, lines.digests)
            model = None
        state = {"stage": "read", "digests": lines.digests, "done": len(pictures)}
        seen = list(self._seen(pictures, features))
        yield from self._checked(outputs, {one.line.example: one.fault for one in seen if one.fault}, state)
        if model is None:
            model = self.ctx.stores.custom.models.put(self._fitted(seen))
            told = _told("the adapter is evaluated.")
            yield Step([], {**state, "stage": "write", "model": model}, _FITTED, told)
        yield self._written(outputs, seen, str(model))
        features.remove()

    def _features(self) -> FeatureFile:
        width = self.ctx.models.features.dimension
        return FeatureFile(self.ctx.settings.data, self.ctx.job.job_id, width)

    def _checked(
        self, outputs: AdapterOutputs, faults: Mapping[Any, Fault], state: Mapping[str, Any]
    ) -> Iterator[Step]:
        """Ends the training where the lines or the pictures don't do, with what was found written out."""
        errors = outputs.errors(faults)
        if errors.all:
            yield self._told_of(outputs.write_manifests(errors, faults), state)
            raise InvalidManifestException(" ".join(error.message for error in errors.all))

    def _told_of(self, summary: BucketObject, state: Mapping[str, Any]) -> Step:
        job_id = self.ctx.job.job_id

        def keep(connection: Connection) -> Mapping[str, Any]:
            keep_manifest_summary(connection, job_id, summary)
            return {}

        return Step([Item(0, "", {}, "SUMMARY", keep)], state, 0.0)

    def _read(
        self, pictures: Sequence[AdapterLine], features: FeatureFile, done: int, digests: Mapping[str, str]
    ) -> Iterator[Step]:
        total, dimension = len(pictures), self.ctx.models.features.dimension
        executor = executor_of(TaskNode(self.ctx.settings, self.ctx.models, self.ctx.stores.objects))
        with closing(executor.results(self._tasks(pictures[done:], executor.grain))) as results:
            found = chain.from_iterable(results)
            while done < total:
                some = list(islice(found, STEP))
                rows = [np.zeros(dimension) if one.features is None else one.features for one in some]
                features.append(np.array(rows, np.float32))
                items = [Item(done + number, "", _kept(one), _SEEN) for number, one in enumerate(some)]
                done += len(some)
                share = _READ * done / total
                told = _told(f"{share:.0%}, {done:,} of {total:,} images read.")
                yield Step(items, {"stage": "read", "digests": digests, "done": done}, share, told)

    def _tasks(self, pictures: Sequence[AdapterLine], grain: int) -> Iterator[SeeingTask]:
        base = base_digest(self.ctx.models)
        for begin in range(0, len(pictures), grain):
            some = [one.example for one in pictures[begin : begin + grain]]
            yield SeeingTask(tuple((one.bucket, one.key) for one in some), base)

    def _seen(self, pictures: Sequence[AdapterLine], features: FeatureFile) -> Iterator[SeenPicture]:
        rows = features.mapped(len(pictures))
        bodies = dict(stored(self.ctx, self.ctx.job, _SEEN))
        for place, line in enumerate(pictures):
            body = bodies[place]
            if "code" in body:
                yield SeenPicture(line, {}, rows[place], Fault(FaultCode(body["code"]), body["message"]))
            else:
                yield SeenPicture(line, body["said"], rows[place])

    def _fitted(self, seen: Sequence[SeenPicture]) -> bytes:
        models = self.ctx.models
        adapter = fit_adapter(
            examples_of(seen),
            sayable_labels(finds_parts=models.nudity.finds_parts()),
            load_centroids(models.features.networks[0], models.features.dimension),
            threshold_of(self.version),
        )
        if not adapter.corrections:
            raise InvalidManifestException(_NOTHING)
        backbone = Backbone(models.features.networks[0], models.features.digest)
        return write_adapter(StoredAdapter(adapter, backbone, str(base_digest(models))))

    def _written(self, outputs: AdapterOutputs, seen: Sequence[SeenPicture], model: str) -> Step:
        made = outputs.write(model, seen, examples_of(seen))
        job_id, watch = self.ctx.job.job_id, self.watch

        def keep(connection: Connection) -> Mapping[str, Any]:
            keep_made(connection, job_id, made(watch.milliseconds))
            return {}

        return Step([Item(0, "", {}, "MADE", keep)], {"stage": "done"}, 1.0)


def examples_of(seen: Sequence[SeenPicture]) -> AdapterExamples:
    """Those that are learned from."""
    learned = [one for one in seen if one.fault is None and one.line.example.part is TrainingPart.TRAINING]
    features = np.array([one.features for one in learned], np.float32)
    return AdapterExamples(
        [one.said for one in learned], features, [one.line.example.labels for one in learned]
    )


def _kept(one: BaseSeeing) -> dict[str, Any]:
    """What was seen of a picture as the job keeps it."""
    if one.fault is not None:
        return {"code": one.fault.code.value, "message": one.fault.message}
    return {"said": one.said}


def _told(how_far: str) -> dict[str, str]:
    """What DescribeProjectVersions says meanwhile."""
    return {"StatusMessage": f"Training: {how_far}"}
