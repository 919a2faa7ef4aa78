"""Train the networks that tell cuts, gradual transitions and fades from the evidence for them.

    python -m training.fit_shots ../shared/data [--clips 200] [--cache FILE]

Trained on clips that bench/made_clips.py makes of every second photo and film of the data; bench/segments.py
judges on clips of the others. Each network is small: standardised features, a layer of tanh, a sigmoid,
trained for the likelihood, so that its outputs are probabilities; a fifth of the clips, held out, stops it.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from bench.made_clips import Made, Transition, footage, made_shots, photos

from regard.video.segments.evidence import CUT, GRADUAL, PLAIN_RUN, Candidate, Watcher
from regard.video.segments.likeness import signature
from regard.video.segments.shots import WEIGHTS
from regard.video.segments.stretch import FramePlace

HIDDEN = {CUT: 8, GRADUAL: 16, PLAIN_RUN: 6}
Row = tuple[str, int, bool, np.ndarray]  # kind, clip, whether it is one, features


def truth(candidate: Candidate, transitions: list[Transition]) -> bool | None:
    """Whether a candidate is a boundary; None where it is neither quite one nor quite none."""
    touched = [t for t in transitions if t.first - 1 <= candidate.last and t.last + 1 >= candidate.first]
    if candidate.kind == CUT:
        if any(t.kind == "cut" and t.first == candidate.at for t in touched):
            return True
        gradual = any(t.kind != "cut" and t.first <= candidate.at <= t.last + 1 for t in touched)
        return None if gradual else False
    if candidate.kind == PLAIN_RUN:
        return any(t.kind in ("fade", "dip") and t.first <= candidate.at <= t.last for t in touched)
    gradual = [t for t in touched if t.kind != "cut"]
    if not gradual:
        return False  # nothing, or cuts
    if len(touched) > 1:
        return None
    (only,) = gradual
    length, window = only.last - only.first + 3, candidate.last - candidate.first
    slack = length * 0.12 + 1
    off = abs((only.first + only.last) / 2 - candidate.at)
    inside = candidate.first <= only.first - 1 + slack and only.last + 1 - slack <= candidate.last
    if inside and off <= max(2.0, 0.15 * length) and length >= 0.3 * window:
        return True
    return False if off > max(4.0, 0.3 * length) else None  # it is told where its middle is


def clip(job: tuple[int, Path]) -> list[Row]:
    cv2.setNumThreads(1)
    seed, data = job
    random = np.random.default_rng(seed)
    made: Made = made_shots(random, photos(data, half=0), filmed=footage(data, half=0))
    watcher, rows = Watcher(), []
    found: list[Candidate] = []
    for number, frame in enumerate(made.frames):
        small = cv2.resize(frame, (96, 54), interpolation=cv2.INTER_AREA)
        place = FramePlace(number, 40 * number, number - 1, 40 * number - 40)
        found += watcher.add(signature(small), place) or ()
    found += watcher.finish()
    for candidate in found:
        if candidate.kind not in HIDDEN:
            continue
        is_one = truth(candidate, made.transitions)
        if is_one is None or (not is_one and candidate.kind == GRADUAL and random.random() > 0.4):
            continue
        rows.append((candidate.kind, seed, is_one, candidate.features))
    return rows


def fit(features: np.ndarray, labels: np.ndarray, clips: np.ndarray, hidden: int) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    mean, scale = features.mean(0), features.std(0) + 1e-6
    inputs = torch.tensor(np.clip((features - mean) / scale, -5, 5), dtype=torch.float32)
    wanted = torch.tensor(labels, dtype=torch.float32)
    held = torch.tensor(clips % 5 == 0)
    first, second = torch.nn.Linear(features.shape[1], hidden), torch.nn.Linear(hidden, 1)
    parameters = [*first.parameters(), *second.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.02)
    loss = torch.nn.BCEWithLogitsLoss()
    best, kept = np.inf, [p.detach().clone() for p in parameters]
    for step in range(1500):
        optimiser.zero_grad()
        value = loss(second(torch.tanh(first(inputs[~held])))[:, 0], wanted[~held])
        value.backward()
        optimiser.step()
        if step % 10 == 0:
            with torch.no_grad():
                outside = loss(second(torch.tanh(first(inputs[held])))[:, 0], wanted[held]).item()
            if outside < best:
                best, kept = outside, [p.detach().clone() for p in parameters]
    with torch.no_grad():
        for parameter, value in zip(parameters, kept, strict=True):
            parameter.copy_(value)
        said = (second(torch.tanh(first(inputs[held])))[:, 0] > 0).numpy()
    right, real = labels[held.numpy()] & said, labels[held.numpy()]
    print(
        f"{len(labels):,} candidates, {labels.sum():,} real; held out: loss {best:.4f}, "
        f"precision {right.sum() / max(1, said.sum()):.3f}, recall {right.sum() / max(1, real.sum()):.3f}"
    )
    names = ("hidden", "hidden_bias", "output", "output_bias")
    fitted = {name: value.numpy().squeeze() for name, value in zip(names, kept, strict=True)}
    return {"mean": mean, "scale": scale, **fitted}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--cache", type=Path, help="file that keeps the evidence from one run to the next")
    chosen = parser.parse_args()
    if chosen.cache and chosen.cache.exists():
        with np.load(chosen.cache) as file:
            tables = {name: file[name] for name in file.files}
    else:
        with ProcessPoolExecutor(2) as pool:
            jobs = [(seed, chosen.data) for seed in range(chosen.clips)]
            rows = [row for part in pool.map(clip, jobs, chunksize=4) for row in part]
        tables = {}
        for kind in HIDDEN:
            mine = [row for row in rows if row[0] == kind]
            tables[f"{kind}.features"] = np.array([row[3] for row in mine])
            tables[f"{kind}.labels"] = np.array([row[2] for row in mine])
            tables[f"{kind}.clips"] = np.array([row[1] for row in mine])
        if chosen.cache:
            np.savez_compressed(chosen.cache, **tables)
    weights = {}
    for kind, hidden in HIDDEN.items():
        print(kind, end=": ")
        fitted = fit(*(tables[f"{kind}.{part}"] for part in ("features", "labels", "clips")), hidden)
        weights |= {f"{kind}.{name}": value.astype(np.float32) for name, value in fitted.items()}
    np.savez(WEIGHTS, **weights)


if __name__ == "__main__":
    main()
