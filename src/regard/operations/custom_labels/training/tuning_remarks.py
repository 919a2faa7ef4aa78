"""What a report says of a fine-tuning."""

from __future__ import annotations

from typing import Final

from regard.presentation.wording import count
from regard.vision.custom.tuning.outcome import TuningLeftOut, TuningOutcome

MEAN_PRECISION: Final = "a mean average precision"
MEAN_F1: Final = "a mean F1"
"""What fine-tunings of boxes and of labels are judged by."""
_LEFT_OUT: Final = {
    TuningLeftOut.TURNED_OFF: "Fine-tuning is turned off: REGARD_TRAINING_DEVICE is none.",
    TuningLeftOut.NO_PYTORCH: (
        "Fine-tuning was not available: the worker has no PyTorch. With regard[train] it is tried as well."
    ),
    TuningLeftOut.NO_DEVICE: (
        "Fine-tuning was not available: PyTorch lacks the device that REGARD_TRAINING_DEVICE names."
    ),
    TuningLeftOut.FEW_PICTURES: "There are too few pictures for fine-tuning: a fifth of them can't judge it.",
    TuningLeftOut.GOOD_ENOUGH: (
        "Fine-tuning was not tried: in folds of the training set the frozen network is right often enough."
    ),
    TuningLeftOut.OTHER_NETWORK: "Fine-tuning was not available: the model pack's network can't be trained.",
}


def tuning_remark(tuning: TuningOutcome, measure: str) -> str:
    """What came of fine-tuning, in a sentence or two."""
    if tuning.left_out is not None:
        return _LEFT_OUT[tuning.left_out]
    kept = "fine-tuned" if tuning.is_tuned else "frozen"
    return (
        f"On {count(tuning.pictures, 'picture')} of the training set that neither had learned from, the "
        f"frozen network comes to {measure} of {tuning.frozen:.2f} and the fine-tuned one to "
        f"{tuning.tuned:.2f}: the {kept} one was kept."
    )
