"""Fine-tuning of labels, where it can help and PyTorch is installed: an epoch a step."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from regard.context import Context
from regard.jobs.records import Step
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.fitting import backbone_of, frozen_file
from regard.operations.custom_labels.training.label_judging import confidences_of_test
from regard.operations.custom_labels.training.opening import open_again
from regard.operations.custom_labels.training.tuning_files import TuningFiles
from regard.operations.custom_labels.training.tuning_steps import STAGE, TuningProgress, has_pytorch
from regard.packs.install import InstalledPack
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.thresholds import chosen_thresholds
from regard.vision.custom.tuned_labels import TunedLabels, read_tuned_labels, write_tuned_labels
from regard.vision.custom.tuning.label_judges import LabelJudges
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.outcome import TuningLeftOut, TuningOutcome, why_labels_left_out
from regard.vision.custom.tuning.plan import UntrainableGraph
from regard.vision.pixels import Floats

if TYPE_CHECKING:  # which imports PyTorch
    from regard.vision.custom.tuning.torch_labels import LabelTuner

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LabelTuning:
    """The fine-tuning of one course's labels, on which `fit` was made. `test`: the test pictures; `files`
    keep how far it is.
    """

    ctx: Context
    course: Course
    fit: LabelFit
    test: LabelExamples
    files: TuningFiles
    seed: int

    def steps(self, state: Mapping[str, Any]) -> Generator[Step, None, tuple[bytes, Floats | None]]:
        """What is left behind a state. Returns the file of the better model, which tells what came of it, and
        the confidences (N, L) that it gives the test pictures, where these are known already.
        """
        outcome = yield from self._tuned(state)
        if isinstance(outcome, TunedLabels):
            return self._file(outcome)
        return frozen_file(self.ctx, self.fit, self.test, outcome), None

    def _tuned(self, state: Mapping[str, Any]) -> Generator[Step, None, TunedLabels | TuningOutcome]:
        held = self.fit.held_out
        device = self.ctx.settings.training_device
        left_out = why_labels_left_out(len(held.rows), held.f1, device, has_pytorch=has_pytorch())
        if left_out is not None:
            return TuningOutcome(left_out=left_out)
        try:
            from regard.vision.custom.tuning import torch_labels  # half a gigabyte, and seconds
        except (ImportError, OSError) as error:  # it is there, and a library that it needs isn't
            log.warning("PyTorch can't be used", reason=str(error))
            return TuningOutcome(left_out=TuningLeftOut.NO_PYTORCH)
        pictures = [partial(open_again, self.ctx, one) for _, one in self.course.valid(TrainingPart.TRAINING)]
        tuner = torch_labels.LabelTuner(
            pictures, LabelJudges.of(self.fit, self.seed), self._network(), self.fit.model, self.seed, device
        )
        if not tuner.has_device:
            return TuningOutcome(left_out=TuningLeftOut.NO_DEVICE)
        try:
            reached = yield from self._epochs(tuner, state)
        except UntrainableGraph:
            return TuningOutcome(left_out=TuningLeftOut.OTHER_NETWORK)
        outcome = tuner.judges.outcome(reached.judged)
        if not outcome.is_tuned:
            return outcome
        return tuner.judges.fit(self.fit.model, reached, tuner.schedule.side)

    def _epochs(self, tuner: LabelTuner, state: Mapping[str, Any]) -> Generator[Step, None, LabelTuningState]:
        """Those that are left; returns the last state."""
        kept = self.files.get(state["epoch"]) if state["stage"] == STAGE else None
        begun = reached = LabelTuningState.kept(kept)
        whole = 2 * tuner.schedule.epochs
        progress = TuningProgress(begun.done / whole)
        if state["stage"] != STAGE:
            yield progress.step({"stage": STAGE, "epoch": ""}, 0)
        for reached in tuner.run(begun):
            digest = self.files.put(reached.written())
            share = 1.0 if reached.is_done else reached.done / whole
            yield progress.step({"stage": STAGE, "epoch": digest}, share)
            self.files.keep_only(digest)
        return reached

    def _file(self, tuned: TunedLabels) -> tuple[bytes, Floats]:
        """The file of the fine-tuned model, with the thresholds that the test pictures give it."""
        names, backbone, network = tuned.frozen.names, backbone_of(self.ctx), self._network()
        untold = write_tuned_labels(tuned, dict.fromkeys(names, 0.5), backbone, network)
        said = confidences_of_test(self.ctx, self.course, read_tuned_labels(untold))
        thresholds = chosen_thresholds(names, tuned.held_out, self.fit.examples, said, self.test)
        return write_tuned_labels(tuned, thresholds, backbone, network), said

    def _network(self) -> bytes:
        pack = InstalledPack.load(self.ctx.settings.pack, self.ctx.settings.models)
        return pack.path(backbone_of(self.ctx).network).read_bytes()
