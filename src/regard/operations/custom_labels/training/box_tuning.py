"""Fine-tuning of boxes, where PyTorch is installed: an epoch a step, so that a worker that dies costs one."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from regard.context import Context
from regard.jobs.records import Step
from regard.operations.custom_labels.training.box_training import BoxTraining, TestFindings
from regard.operations.custom_labels.training.tuning_files import TuningFiles
from regard.operations.custom_labels.training.tuning_steps import STAGE, TuningProgress, has_pytorch
from regard.packs.install import InstalledPack
from regard.vision.custom.box_file import read_box_model, write_box_model
from regard.vision.custom.boxes import BoxFit, HeldOutFifth
from regard.vision.custom.tuned_boxes import read_tuned_boxes, write_tuned_boxes
from regard.vision.custom.tuning.outcome import TuningLeftOut, TuningOutcome, why_left_out
from regard.vision.custom.tuning.state import TuningState

if TYPE_CHECKING:  # which imports PyTorch
    from regard.vision.custom.tuning.torch_boxes import BoxTuner

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class FrozenBoxes:
    """The fit on the frozen network: its file, what it finds in the test pictures, None where that isn't
    known any more, and its mAP50, 0 to 1, on the pictures that judge.
    """

    content: bytes
    findings: TestFindings | None
    precision: float


@dataclass(frozen=True, slots=True)
class BoxTuning:
    """The fine-tuning of one course's boxes. `files` keep how far it is."""

    ctx: Context
    training: BoxTraining
    files: TuningFiles
    seed: int

    def kept(self, state: Mapping[str, Any]) -> FrozenBoxes | None:
        """The frozen fit that a state has; None where there is none, or its file is gone."""
        content = self.files.get(state["frozen"]) if state["stage"] == STAGE else None
        return None if content is None else FrozenBoxes(content, None, float(state["precision"]))

    def frozen(self, fit: BoxFit) -> FrozenBoxes:
        """That of a fit that was just made."""
        content, findings = self.training.model_file(fit)
        return FrozenBoxes(content, findings, fit.precision_on(self._parts().judges))

    def steps(
        self, frozen: FrozenBoxes, state: Mapping[str, Any]
    ) -> Generator[Step, None, tuple[bytes, TestFindings | None]]:
        """What is left behind a state. Returns the file of the better model, which tells what came of it, and
        what that finds in the test pictures, if it is known.
        """
        parts = self._parts()
        left_out = why_left_out(
            len(self.training.examples()),
            self.ctx.settings.training_device,
            has_boxes=all(any(one.labels for one in some) for some in (parts.learned, parts.judges)),
            has_pytorch=has_pytorch(),
        )
        if left_out is not None:
            return _told(frozen, TuningOutcome(left_out=left_out)), frozen.findings
        try:
            from regard.vision.custom.tuning import torch_boxes  # half a gigabyte, and seconds
        except (ImportError, OSError) as error:  # it is there, and a library that it needs isn't
            log.warning("PyTorch can't be used", reason=str(error))
            return _told(frozen, TuningOutcome(left_out=TuningLeftOut.NO_PYTORCH)), frozen.findings
        tuner = torch_boxes.BoxTuner(
            parts.learned,
            parts.judges,
            read_box_model(frozen.content).names,
            InstalledPack.load(self.ctx.settings.pack, self.ctx.settings.models)
            .path(self.training.backbone.network)
            .read_bytes(),
            self.seed,
            self.ctx.settings.training_device,
        )
        if not tuner.has_device:
            return _told(frozen, TuningOutcome(left_out=TuningLeftOut.NO_DEVICE)), frozen.findings
        reached = yield from self._epochs(tuner, frozen, state)
        outcome = TuningOutcome(frozen.precision, reached.precision, len(parts.judges))
        if not outcome.is_tuned:
            return _told(frozen, outcome), frozen.findings
        fit = tuner.fit(reached)
        untold = write_tuned_boxes(fit, dict.fromkeys(fit.names, 0.5), self.training.backbone, outcome)
        findings = self.training.found(read_tuned_boxes(untold).find)
        thresholds = self.training.thresholds(fit, findings)
        return write_tuned_boxes(fit, thresholds, self.training.backbone, outcome), findings

    def _epochs(
        self, tuner: BoxTuner, frozen: FrozenBoxes, state: Mapping[str, Any]
    ) -> Generator[Step, None, TuningState]:
        """Those that are left; returns the last state."""
        begun = reached = TuningState.kept(
            self.files.get(state["epoch"]) if state["stage"] == STAGE else None
        )
        progress = TuningProgress(begun.done / tuner.schedule.epochs)
        if state["stage"] != STAGE:
            digest = self.files.put(frozen.content)
            state = {"stage": STAGE, "frozen": digest, "precision": frozen.precision, "epoch": ""}
            yield progress.step(state, 0)
        for reached in tuner.run(begun):
            state = {**state, "epoch": self.files.put(reached.written())}
            yield progress.step(state, 1.0 if reached.is_done else reached.done / tuner.schedule.epochs)
            self.files.keep_only(state["frozen"], state["epoch"])
        return reached

    def _parts(self) -> HeldOutFifth:
        return HeldOutFifth.of(self.training.examples(), self.seed)


def _told(frozen: FrozenBoxes, outcome: TuningOutcome) -> bytes:
    """The file of the frozen fit, which tells the outcome."""
    return write_box_model(replace(read_box_model(frozen.content), tuning=outcome))
