"""What has come of fine-tuning, as a model's file tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

NO_DEVICE = "none"
"""The device that turns fine-tuning off."""
MIN_PICTURES = 10
"""Of a training set, below which nothing is fine-tuned: a fifth of fewer can't judge."""
MIN_LABELLED = 100
"""Pictures of a training set, below which labels aren't fine-tuned."""
GOOD_ENOUGH = 0.88
"""Mean F1 in folds of the training set, from which on labels aren't fine-tuned: there it gains nothing."""
MARGIN = (
    0.02  # of mAP50 or F1, by which a network of a version's own must be better: it costs memory and time
)


class TuningLeftOut(StrEnum):
    """Why nothing was fine-tuned."""

    TURNED_OFF = "turned_off"
    NO_PYTORCH = "no_pytorch"
    NO_DEVICE = "no_device"
    FEW_PICTURES = "few_pictures"
    GOOD_ENOUGH = "good_enough"
    OTHER_NETWORK = "other_network"


def why_left_out(pictures: int, device: str, *, has_boxes: bool, has_pytorch: bool) -> TuningLeftOut | None:
    """Why boxes of so many pictures aren't fine-tuned; None where they are. `has_boxes`: in the pictures
    that are learned from and in those that judge.
    """
    if device == NO_DEVICE:
        return TuningLeftOut.TURNED_OFF
    if pictures < MIN_PICTURES or not has_boxes:
        return TuningLeftOut.FEW_PICTURES
    return None if has_pytorch else TuningLeftOut.NO_PYTORCH


def why_labels_left_out(pictures: int, f1: float, device: str, *, has_pytorch: bool) -> TuningLeftOut | None:
    """Why labels of so many pictures aren't fine-tuned; None where they are. `f1`: the mean of the frozen
    network, 0 to 1, in folds of the training set.
    """
    if device == NO_DEVICE:
        return TuningLeftOut.TURNED_OFF
    if pictures < MIN_LABELLED:
        return TuningLeftOut.FEW_PICTURES
    if f1 >= GOOD_ENOUGH:
        return TuningLeftOut.GOOD_ENOUGH
    return None if has_pytorch else TuningLeftOut.NO_PYTORCH


@dataclass(frozen=True, slots=True)
class TuningOutcome:
    """How the frozen network with linear heads and the fine-tuned one do, 0 to 1, on `pictures` of the
    training set that neither had learned from, by mAP50 of boxes and mean F1 of labels; or why nothing was
    fine-tuned.
    """

    frozen: float = 0.0
    tuned: float = 0.0
    pictures: int = 0
    left_out: TuningLeftOut | None = None

    @property
    def is_tuned(self) -> bool:
        """Whether the fine-tuned network is the better."""
        return self.left_out is None and self.tuned >= self.frozen + MARGIN

    @property
    def facts(self) -> dict[str, Any]:
        """The outcome as a file's metadata have it."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any] | None) -> TuningOutcome | None:
        """What `facts` gave; None of a file that has none. Raises KeyError, TypeError and ValueError."""
        if facts is None:
            return None
        left_out = facts["left_out"]
        return cls(
            float(facts["frozen"]),
            float(facts["tuned"]),
            int(facts["pictures"]),
            None if left_out is None else TuningLeftOut(left_out),
        )
