"""How well people are followed: IDF1 and MOTA on made clips, by motmetrics; what an update costs.

    python -m bench --only tracking --data DATA --cache FOLDER

DATA has coco/ and scenes/. Clips of half of the people served to choose the settings (`--part tuned`), those
of the other half, on other scenes, are what is reported. CenterNet was trained on these very photos of
people, so that it finds them more easily than strangers.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import motmetrics
import numpy as np
from numpy.typing import NDArray

from bench.measurement import Tables
from bench.tracking_clips import Cutout, Sample, Scene, cut_out_people, make_clip
from regard.packs.install import InstalledPack
from regard.video.following.tracks import PERSONS, Tracker, TrackerSettings
from regard.video.following.trails import Trails
from regard.vision.labels.objects import ObjectDetector
from regard.vision.persons import PersonEmbedder, find_persons
from regard.vision.session import SessionPool, one_thread_each

SHOWN = 0.4  # the share of a person that has to be seen for missing them to count
PLACES = ("mountain", "ocean")  # the scenes that hardly ever show people of their own
SEEDS = {"tuned": range(12), "reported": range(100, 116)}
NAMES = {
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "mota": "MOTA",
    "precision": "precision",
    "recall": "recall",
    "num_switches": "switches",
}
_NO_LOOK = 0.2  # detections below that never need one


def sampled(
    people: Sequence[Cutout], scenes: Sequence[Path], seed: int, runner: SessionPool, rate: float
) -> list[Sample]:
    detector, embedder = ObjectDetector(runner), PersonEmbedder(runner)
    random = np.random.default_rng(seed + 10_000)
    samples = []
    for scene in make_clip(people, scenes, seed, rate=rate):
        height, width = scene.pixels.shape[:2]
        found = find_persons(detector.find(scene.pixels), width, height)
        kinds = {"CenterNet": (found.boxes, found.probabilities), "noisy truth": noisy(random, scene)}
        taken = {}
        for kind, (boxes, scores) in kinds.items():
            features = np.zeros((len(boxes), embedder.dimension), np.float32)
            rows = np.flatnonzero(scores >= _NO_LOOK)
            features[rows] = embedder.embed(scene.pixels, boxes[rows])
            taken[kind] = (boxes, scores, features)
        bare = Scene(
            scene.timestamp,
            scene.cut,
            np.zeros((0, 0, 3), np.uint8),
            scene.people,
            scene.boxes,
            scene.visible,
        )
        samples.append(Sample(bare, taken))
    return samples


def noisy(random: np.random.Generator, scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The true boxes, each side off by 4 % of the box; a tenth are missed, those who are covered more often;
    one false one every other frame."""
    boxes, scores = [], []
    for box, visible in zip(scene.boxes, scene.visible, strict=True):
        if random.uniform() > 0.9 * min(1.0, visible / 0.6):
            continue
        size = np.array([box[2] - box[0], box[3] - box[1]] * 2)
        boxes.append(box + random.normal(0, 0.04, 4) * size)
        scores.append(np.clip(random.normal(0.3 + 0.5 * visible, 0.15), 0.09, 0.99))
    for _ in range(random.poisson(0.5)):
        left, top, tall = random.uniform(0, 800), random.uniform(0, 350), random.uniform(80, 250)
        boxes.append(np.array([left, top, left + 0.4 * tall, top + tall]))
        scores.append(random.uniform(0.09, 0.6))
    return np.array(boxes).reshape(-1, 4), np.array(scores, np.float64)


class Asked:
    """Gives the looks of a frame's persons, and counts how many are asked for."""

    def __init__(self) -> None:
        self.features, self.asked, self.persons = np.zeros((0, 0), np.float32), 0, 0

    def at(self, features: NDArray[np.float32]) -> Asked:
        self.features = features
        self.persons += len(features)
        return self

    def __call__(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        self.asked += len(rows)
        return self.features[rows]


def follow(
    samples: Sequence[Sample], kind: str, settings: TrackerSettings, asked: Asked | None
) -> list[NDArray[np.intp]]:
    """The ids of each frame's detections, those that were named later included."""
    tracker = Tracker(settings)
    ids: list[NDArray[np.intp]] = []
    places: dict[int, int] = {}
    for sample in samples:
        if sample.scene.cut:
            tracker.cut()
        boxes, scores, features = sample.found[kind]
        places[sample.scene.timestamp] = len(ids)
        looks = asked.at(features) if asked else None
        ids.append(tracker.update(sample.scene.timestamp, boxes, scores, looks))
        for one in tracker.named:
            ids[places[one.timestamp]][one.row] = one.id
    return ids


Placed = tuple[NDArray[np.intp], NDArray[np.float64]]  # ids (N,), boxes (N, 4)


def placed(
    samples: Sequence[Sample], kind: str, ids: Sequence[NDArray[np.intp]], *, bridged: bool
) -> list[Placed]:
    """Who is where in each frame: who was detected, or, `bridged`, who was before and after, too."""
    trails = Trails(keep=10**9)
    result: list[Placed] = []
    shot: list[int] = []
    for sample, who in zip(samples, ids, strict=True):
        boxes = sample.found[kind][0]
        if not bridged:
            result.append((who[who >= 0], boxes[who >= 0]))
            continue
        if sample.scene.cut:
            result += [trails.at(when) for when in shot]
            trails.cut()
            shot = []
        trails.add(sample.scene.timestamp, who, boxes)
        shot.append(sample.scene.timestamp)
    return result + [trails.at(when) for when in shot]


def judge(
    clips: Sequence[Sequence[Sample]],
    kind: str,
    settings: TrackerSettings,
    *,
    looks: bool = True,
    bridged: bool = False,
) -> dict[str, float]:
    """motmetrics over all clips together. Who is hardly seen is neither missed nor a false find."""
    accounts, asked = [], Asked() if looks else None
    for samples in clips:
        account = motmetrics.MOTAccumulator()
        ids = follow(samples, kind, settings, asked)
        for number, (sample, (who, boxes)) in enumerate(
            zip(samples, placed(samples, kind, ids, bridged=bridged), strict=True)
        ):
            overlaps = overlap(sample.scene.boxes, boxes)
            shown = sample.scene.visible >= SHOWN
            excused = (overlaps[~shown].max(0, initial=0) >= 0.5) & (overlaps[shown].max(0, initial=0) < 0.5)
            far = 1 - overlaps[shown][:, ~excused]
            account.update(
                sample.scene.people[shown].tolist(),
                who[~excused].tolist(),
                np.where(far <= 0.5, far, np.nan),
                frameid=number,
            )
        accounts.append(account)
    table = motmetrics.metrics.create().compute_many(accounts, metrics=[*NAMES], generate_overall=True)
    result = {short: float(table.loc["OVERALL", name]) for name, short in NAMES.items()}
    return result | {"looks taken": asked.asked / asked.persons if asked else 0.0}


def overlap(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU, (N, M)."""
    corner = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    shared = np.clip(np.minimum(ours[:, None, 2:], theirs[None, :, 2:]) - corner, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (ours, theirs)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def clips_of(data: Path, cache: Path, part: str, rate: float, seeds: Sequence[int]) -> list[list[Sample]]:
    """The clips of one half of the people; detections are kept in `cache`, a folder of one's own."""
    people = cut_out_people(data, cache / "people.npz")
    scenes = sorted(path for place in PLACES for path in (data / "scenes" / place).glob("*.jpg"))
    order = np.random.default_rng(5).permutation(len(people))
    half = {"tuned": order[::2], "reported": order[1::2]}[part]
    places = {"tuned": scenes[::2], "reported": scenes[1::2]}[part]
    runner: SessionPool | None = None
    clips = []
    for seed in seeds:
        file = cache / f"{part}-{rate:g}-{seed}.pickle"
        if not file.exists():
            runner = runner or SessionPool(InstalledPack.load().paths())
            samples = sampled([people[n] for n in half], places, seed, runner, rate)
            file.write_bytes(pickle.dumps(samples))
        clips.append(pickle.loads(file.read_bytes()))  # noqa: S301 - written by the lines above
    return clips


def crowd(
    tracks: int, updates: int = 60
) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]]:
    """Updates of a crowd that walks in a frame of 1,920 × 1,080."""
    random = np.random.default_rng(tracks)
    places, speeds = random.uniform((0, 0), (1800, 900), (tracks, 2)), random.normal(0, 40, (tracks, 2))
    looks = random.normal(size=(tracks, 480))
    for number in range(updates):
        moved = places + speeds * number * 0.2 + random.normal(0, 2, (tracks, 2))
        boxes = np.concatenate([moved, moved + np.array([50, 130])], 1)
        features = looks + 0.5 * random.normal(size=looks.shape)
        features /= np.linalg.norm(features, axis=1, keepdims=True)
        seen = random.uniform(size=tracks) < 0.9
        scores = random.uniform(0.3, 0.95, tracks)
        yield number * 200, boxes[seen], scores[seen], features[seen].astype(np.float32)


def costs(repeats: int = 3) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for tracks in (5, 20, 100):
        taken, sizes = [], 0
        for _ in range(repeats):
            tracker = Tracker(PERSONS)
            for timestamp, boxes, scores, features in crowd(tracks):
                begun = time.thread_time()
                tracker.update(timestamp, boxes, scores, features)
                taken.append(time.thread_time() - begun)
            sizes = len(repr(tracker.state()))
        rows.append(
            {
                "tracks": tracks,
                "ms of CPU an update, median": 1000 * float(np.median(taken)),
                "95 %": 1000 * float(np.quantile(taken, 0.95)),
                "state, kB": sizes / 1000,
            }
        )
    return rows


def network_costs(repeats: int = 20) -> list[dict[str, object]]:
    runner = SessionPool(InstalledPack.load().paths())
    detector, embedder = ObjectDetector(runner), PersonEmbedder(runner)
    frame = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    boxes = np.array([[60 * n, 100, 60 * n + 100, 400] for n in range(8)], np.float64)
    work: dict[str, Callable[[], object]] = {
        "CenterNet, a frame of 1,280 × 720": lambda: detector.find(frame),
        "embedding, one person": lambda: embedder.embed(frame, boxes[:1]),
        "embedding, each of eight": lambda: embedder.embed(frame, boxes),
    }
    rows: list[dict[str, object]] = []
    for name, run in work.items():
        run()
        taken = []
        for _ in range(repeats):
            begun = time.thread_time()
            run()
            taken.append(time.thread_time() - begun)
        share = 8 if "eight" in name else 1
        rows.append({"what": name, "ms of CPU": 1000 * float(np.median(taken)) / share})
    return rows


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--part", choices=("tuned", "reported"), default="reported")
    parser.add_argument("--rate", type=float, default=5.0, help="samples a second")


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    clips = clips_of(chosen.data, chosen.cache, chosen.part, chosen.rate, SEEDS[chosen.part])
    yield (
        "Following",
        (
            {"detections": kind, "looks": looks, "bridged": bridged}
            | judge(clips, kind, PERSONS, looks=looks, bridged=bridged)
            for kind in ("noisy truth", "CenterNet")
            for looks, bridged in ((False, False), (True, False), (True, True))
        ),
    )
    yield "Tracker", costs()
    yield "Networks", network_costs()
