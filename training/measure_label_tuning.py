"""Measure what fine-tuning gains for custom labels, and whether the better model is the one that is kept.

    python -m training.measure_label_tuning ../shared/data flowers:100 insects:60 --cache CACHE [--draws 0 1]

Of each set so many pictures a label are drawn at random and learned, by the frozen network and by
fine-tuning, as `regard worker` does with `regard[train]`; the others, at most 500, judge the models from
their files. `--always` fine-tunes where the rule would leave it out, too. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from regard.packs.install import InstalledPack
from regard.packs.manifest import find_pack
from regard.settings import Settings
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.custom.onnx_file import Backbone
from regard.vision.custom.tuned_labels import read_tuned_labels, write_tuned_labels
from regard.vision.custom.tuning.label_judges import LabelJudges
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.outcome import TuningOutcome, why_labels_left_out
from regard.vision.custom.tuning.torch_labels import LabelTuner
from regard.vision.features import NETWORK
from regard.vision.image import Image, decode_image
from regard.vision.session import one_thread_each
from training.custom_sets import MIN_SIDE, SETS, Seen, seen
from training.measure_custom_labels import MAX_SHARE, calibration_error
from training.wilson import wilson

JUDGES = 500
COLUMNS = (
    "set",
    "a label",
    "draw",
    "right, frozen",
    "right, kept",
    "calibration error",
    "held out: pictures",
    "F1, frozen",
    "F1, fine-tuned",
    "kept",
    "CPU s",
)


@dataclass(frozen=True)
class LabelGain:
    """Shares of the pictures that judge that are right by the most confident label, of the frozen model and
    of the one that is kept, and how far the latter's confidence is from it; what came of it, and CPU seconds.
    """

    frozen: float
    kept: float
    calibration: float
    outcome: TuningOutcome
    judges: int
    seconds: float


def split(examples: LabelExamples, count: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are learned, `count` a label, and rows that judge."""
    order = np.random.default_rng(draw).permutation(len(examples))
    learned: list[int] = []
    for name in sorted(examples.counts):
        rows = [row for row in order.tolist() if examples.labels[row] == (name,)]
        learned += rows[: min(count, int(MAX_SHARE * len(rows)))]
    rest = [row for row in order.tolist() if row not in set(learned)]
    return np.array(learned), np.array(rest[:JUDGES])


def measure(
    every: Seen, folder: Path, name: str, count: int, draw: int, network: bytes, *, always: bool
) -> LabelGain:
    examples = every.examples(name)
    rows, judging = split(examples, count, draw)
    fit = fit_labels(examples.take(rows), load_centroids(NETWORK, 1280), seed=draw)
    truth = np.array([fit.model.names.index(examples.labels[row][0]) for row in judging.tolist()])
    said = fit.model.confidences(examples.features[judging])
    frozen = float((said.argmax(1) == truth).mean())
    begun, outcome = time.process_time(), TuningOutcome()
    left_out = why_labels_left_out(len(rows), fit.held_out.f1, "cpu", has_pytorch=True)
    if left_out is not None:
        outcome = TuningOutcome(left_out=left_out)
    if left_out is None or always:
        open_ = [_opener(folder / every.files[row]) for row in rows.tolist()]
        tuner = LabelTuner(open_, LabelJudges.of(fit, draw), network, fit.model, draw)
        *_, state = tuner.run(LabelTuningState())
        outcome = tuner.judges.outcome(state.judged)
        if outcome.is_tuned:
            tuned = tuner.judges.fit(fit.model, state, tuner.schedule.side)
            half, backbone = dict.fromkeys(fit.model.names, 0.5), Backbone(NETWORK, "0" * 64)
            model = read_tuned_labels(write_tuned_labels(tuned, half, backbone, network))
            said = model.confidences(_opener(folder / every.files[row])() for row in judging.tolist())
    right = said.argmax(1) == truth
    return LabelGain(
        frozen,
        float(right.mean()),
        calibration_error(said.max(1), right),
        outcome,
        len(judging),
        time.process_time() - begun,
    )


def _opener(path: Path) -> Callable[[], Image]:
    return partial(_open, path)


def _open(path: Path) -> Image:
    return decode_image(path.read_bytes(), min_side=MIN_SIDE)


def row(name: str, count: int, draw: int, gain: LabelGain) -> str:
    judged = gain.outcome
    numbers = [
        name,
        str(count),
        str(draw),
        f"{gain.frozen:.3f} ({interval(gain.frozen, gain.judges)})",
        f"{gain.kept:.3f} ({interval(gain.kept, gain.judges)})",
        f"{gain.calibration:.3f}",
        str(judged.pictures),
        f"{judged.frozen:.3f}",
        f"{judged.tuned:.3f}",
        "fine-tuned" if judged.is_tuned else f"frozen {judged.left_out or ''}",
        f"{gain.seconds:.0f}",
    ]
    return "| " + " | ".join(numbers) + " |"


def interval(share: float, count: int) -> str:
    low, high = wilson(round(share * count), count)
    return f"{low:.3f}–{high:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="+", metavar="SET:PICTURES")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for features")
    parser.add_argument("--draws", type=int, nargs="+", default=[0])
    parser.add_argument("--always", action="store_true", help="fine-tune whatever the rule says")
    options = parser.parse_args()
    one_thread_each()
    network = InstalledPack.load(find_pack("default").name, Settings.load().models).path(NETWORK).read_bytes()
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for one in options.sets:
        name, _, count = one.partition(":")
        folder = options.data / SETS[name]
        every = seen(folder, options.cache, "mobilenetv2")
        for draw in options.draws:
            gain = measure(every, folder, name, int(count), draw, network, always=options.always)
            print(row(name, int(count), draw, gain), flush=True)


if __name__ == "__main__":
    main()
