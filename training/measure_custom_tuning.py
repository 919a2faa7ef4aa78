"""Measure what fine-tuning gains for custom boxes, and whether the better model is the one that is kept.

    python -m training.measure_custom_tuning ../shared/data "blood cells:20" "steel defects:120" [--draw 0]

Of each set so many pictures are drawn at random and learned, by the frozen network and by fine-tuning, as
`regard worker` does with `regard[train]`; up to 100 others judge. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.packs.install import InstalledPack
from regard.packs.manifest import find_pack
from regard.settings import Settings
from regard.vision.custom import cells
from regard.vision.custom.box_evaluation import matched, mean_precision
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.box_model import find_boxes
from regard.vision.custom.boxes import HeldOutFifth, fit_boxes
from regard.vision.custom.onnx_file import Backbone
from regard.vision.custom.tuned_boxes import read_tuned_boxes, write_tuned_boxes
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.custom.tuning.state import TuningState
from regard.vision.custom.tuning.torch_boxes import BoxTuner
from regard.vision.session import SessionPool, one_thread_each
from training.custom_boxes import SETS, examples
from training.measure_custom_boxes import JUDGES


@dataclass(frozen=True)
class TuningGain:
    """mAP50 on pictures that neither model has seen, and on the held-out fifth; CPU seconds."""

    frozen: float
    tuned: float
    outcome: TuningOutcome
    frozen_seconds: float
    tuned_seconds: float


def measure(every: list[BoxExample], pack: InstalledPack, count: int, draw: int) -> TuningGain:
    order = np.random.default_rng(draw).permutation(len(every)).tolist()
    learned, judges = (
        [every[row] for row in rows] for rows in (order[:count], order[count : count + JUDGES])
    )
    reader = cells.CellReader(SessionPool(pack.paths(), derived={cells.NETWORK: cells.DERIVED}))
    begun = time.process_time()
    fit = fit_boxes(learned, reader, seed=draw)
    frozen_seconds = time.process_time() - begun
    frozen = mean_precision([matched(one.true, find_boxes(fit.model, reader, one.open())) for one in judges])
    parts = HeldOutFifth.of(learned, draw)
    network = pack.path(cells.BACKBONE).read_bytes()
    begun = time.process_time()
    tuner = BoxTuner(parts.learned, parts.judges, fit.names, network, draw)
    *_, state = tuner.run(TuningState.begun())
    tuned = tuner.fit(state)
    tuned_seconds = time.process_time() - begun
    outcome = TuningOutcome(fit.precision_on(parts.judges), state.precision, len(parts.judges))
    backbone = Backbone(cells.BACKBONE, reader.digest)
    model = read_tuned_boxes(write_tuned_boxes(tuned, dict.fromkeys(fit.names, 0.5), backbone, outcome))
    found = mean_precision([matched(one.true, model.find(one.open())) for one in judges])
    return TuningGain(frozen, found, outcome, frozen_seconds, tuned_seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="+", metavar="SET:PICTURES")
    parser.add_argument("--draw", type=int, default=0)
    options = parser.parse_args()
    one_thread_each()
    pack = InstalledPack.load(find_pack("default").name, Settings.load().models)
    print(
        "| set | pictures | frozen | fine-tuned | held out: pictures | frozen | fine-tuned | kept | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for one in options.sets:
        name, _, count = one.partition(":")
        gain = measure(examples(options.data / SETS[name]), pack, int(count), options.draw)
        judged = gain.outcome
        numbers = [
            name,
            count,
            f"{gain.frozen:.3f}",
            f"{gain.tuned:.3f}",
            str(judged.pictures),
            f"{judged.frozen:.3f}",
            f"{judged.tuned:.3f}",
            "fine-tuned" if judged.is_tuned else "frozen",
            f"{gain.frozen_seconds:.0f} + {gain.tuned_seconds:.0f}",
        ]
        print("| " + " | ".join(numbers) + " |", flush=True)


if __name__ == "__main__":
    main()
