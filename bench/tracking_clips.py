"""Made clips whose people are known: cut-outs of COCO's people walk over photos of scenes on known paths.

They cross, go behind a pillar, leave and come back; shots are cut and cut back. What the clips do not have
is people who change their pose: a cut-out leans, swings and is mirrored, and its light changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 960, 540
_LEAST_HEIGHT = 120  # px, of a person in its photo
_SPEED = (0.35, 1.0)  # body heights a second
# By eye: GrabCut lost their head, or kept an elephant or a refrigerator.
_DAMAGED = {
    "000000000572-0",
    "000000106499-1",
    "000000163840-0",
    "000000227000-2",
    "000000227000-10",
    "000000401416-0",
    "000000433998-0",
    "000000442450-0",
}


@dataclass(frozen=True, eq=False, slots=True)
class Cutout:
    """A person: `pixels` (H, W, 3), RGB, and `mask` (H, W), 0 to 255; `name` says from which photo."""

    name: str
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """One sampled frame: who is in it (N,), boxes (N, 4), left, top, right, bottom, px, and the share of each
    person that is neither covered nor outside (N,). `cut`: a new shot begins with it."""

    timestamp: int
    cut: bool
    pixels: NDArray[np.uint8]
    people: NDArray[np.intp]
    boxes: NDArray[np.float64]
    visible: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A frame without its pixels: the truth, and per kind of detection boxes, scores and looks."""

    scene: Scene
    found: dict[str, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class _Walk:
    """From `begin` to `end` (s) along `xs` at the times `ts`; feet at `feet` (px), `tall` px high."""

    begin: float
    end: float
    ts: tuple[float, ...]
    xs: tuple[float, ...]
    feet: float
    tall: float
    growth: float
    gain: float
    mirrored: bool
    phase: float


def cut_out_people(data: Path, cache: Path) -> list[Cutout]:
    """Everyone in COCO's photos who is large, whole and alone enough, cut out by GrabCut."""
    if cache.exists():
        with np.load(cache, allow_pickle=False) as stored:
            names = stored["names"].tolist()
            return [
                Cutout(name, stored[f"p{n}"][..., :3], stored[f"p{n}"][..., 3])
                for n, name in enumerate(names)
            ]
    labels = json.loads((data / "coco/labels.json").read_text())
    people = []
    for file, facts in sorted(labels.items()):
        boxes = [
            one["bbox"] for one in facts["objects"] if one["name"] == "person" and not one.get("iscrowd")
        ]
        for number, box in enumerate(boxes):
            others = boxes[:number] + boxes[number + 1 :]
            name = f"{Path(file).stem}-{number}"
            if name in _DAMAGED or not _fit(box, others, facts["width"]):
                continue
            photo = cv2.imread(str(data / "coco/images" / Path(file).name))
            person = _grab(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), box)
            if person is not None:
                people.append(Cutout(name, *person))
    layers = {f"p{n}": np.dstack([one.pixels, one.mask]) for n, one in enumerate(people)}
    np.savez_compressed(cache, names=np.array([one.name for one in people]), **layers)
    return people


def _fit(box: Sequence[float], others: Sequence[Sequence[float]], width: int) -> bool:
    left, top, wide, tall = box
    inside = left > 1 and top > 1 and left + wide < width - 1
    return (
        inside
        and tall >= _LEAST_HEIGHT
        and 1.5 < tall / wide < 4.5
        and max((_covered(box, other) for other in others), default=0.0) < 0.3
    )


def _covered(box: Sequence[float], other: Sequence[float]) -> float:
    across = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    down = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(across, 0.0) * max(down, 0.0) / (box[2] * box[3])


def _grab(
    photo: NDArray[np.uint8], box: Sequence[float]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """The person in a box (left, top, width, height), or None where GrabCut loses much of it."""
    left, top, wide, tall = (round(value) for value in box)
    above, before = max(0, top - tall // 4), max(0, left - wide // 2)
    part = np.ascontiguousarray(photo[above : top + tall + tall // 4, before : left + wide + wide // 2])
    marks = np.full(part.shape[:2], cv2.GC_BGD, np.uint8)
    marks[top - above : top - above + tall, left - before : left - before + wide] = cv2.GC_PR_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(part, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    mask = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.uint8)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h, area = facts[largest].tolist()
    if h < 0.85 * tall or w < 0.5 * wide or not 0.3 < area / (w * h) < 0.78 or not 1.5 < h / w < 4.5:
        return None
    alone = ((parts == largest) * 255).astype(np.uint8)
    alone = cv2.GaussianBlur(cv2.erode(alone, np.ones((2, 2), np.uint8)), (3, 3), 0)
    return part[y : y + h, x : x + w].copy(), alone[y : y + h, x : x + w].copy()


def make_clip(
    people: Sequence[Cutout],
    scenes: Sequence[Path],
    seed: int,
    *,
    seconds: float = 40.0,
    rate: float = 5.0,
    crowd: int | None = None,
) -> Iterator[Scene]:
    """A clip's frames, sampled about `rate` times a second. Numbers of people are places in `people`."""
    random = np.random.default_rng(seed)
    count = crowd or int(random.integers(3, 8))
    cast = random.choice(len(people), min(count, len(people)), replace=False).tolist()
    places = [_backdrop(scenes[n]) for n in random.choice(len(scenes), 2, replace=False).tolist()]
    cuts = sorted(random.uniform(0.3 * seconds, 0.9 * seconds, int(random.integers(0, 3))).tolist())
    shots = list(zip([0.0, *cuts], [*cuts, seconds], strict=True))
    walks = [
        {one: _walks(random, begin, end) for one in cast if random.uniform() < 0.8} for begin, end in shots
    ]
    pillars = [_pillar(random, places[(n + 1) % 2]) for n in range(2)]
    now, shot = 0.0, -1
    while now < seconds:
        current = max(n for n, (begin, _) in enumerate(shots) if now >= begin)
        frame, boxes, visible, who = _draw(
            random, people, places[current % 2], pillars[current % 2], walks[current], now
        )
        yield Scene(
            round(now * 1000), current != shot and shot >= 0, frame, np.array(who, np.intp), boxes, visible
        )
        shot = current
        now += random.uniform(0.8, 1.2) / rate


def _backdrop(path: Path) -> NDArray[np.uint8]:
    photo = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    scale = max(WIDTH / photo.shape[1], HEIGHT / photo.shape[0])
    size = (int(np.ceil(photo.shape[1] * scale)), int(np.ceil(photo.shape[0] * scale)))
    large = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[:HEIGHT, :WIDTH], np.uint8)


def _pillar(random: np.random.Generator, other: NDArray[np.uint8]) -> tuple[int, NDArray[np.uint8]] | None:
    """Where a strip of another scene stands before everybody, as wide as a person or two."""
    if random.uniform() < 0.3:
        return None
    wide = int(random.uniform(60, 150))
    return int(random.uniform(200, WIDTH - 300)), other[:, :wide]


def _walks(random: np.random.Generator, begin: float, end: float) -> list[_Walk]:
    """A person's visits to a shot: in from one side, perhaps a stop or a turn, out; away; back."""
    walks = []
    now = begin + random.uniform(0, 6)
    inside = random.uniform() < 0.4  # is there when the shot begins
    now = begin if inside else now
    nearness = random.uniform(0.45, 1.0)
    while now < end - 1:
        tall = 300 * nearness * random.uniform(0.9, 1.1)
        speed = random.uniform(*_SPEED) * tall
        rightward = random.uniform() < 0.5
        edge_in, edge_out = (
            (-0.4 * tall, WIDTH + 0.4 * tall) if rightward else (WIDTH + 0.4 * tall, -0.4 * tall)
        )
        xs = [random.uniform(150, WIDTH - 150) if inside else edge_in]
        ts = [now]
        if random.uniform() < 0.5:  # stops somewhere
            stop = random.uniform(200, WIDTH - 200)
            ts.append(ts[-1] + abs(stop - xs[-1]) / speed)
            xs.append(stop)
            ts.append(ts[-1] + random.uniform(0.5, 4))
            xs.append(stop)
        if random.uniform() < 0.3:  # turns back
            edge_out = edge_in
        ts.append(ts[-1] + abs(edge_out - xs[-1]) / speed + 0.1)
        xs.append(edge_out)
        walks.append(
            _Walk(
                now, min(ts[-1], end), tuple(ts), tuple(xs),
                feet=200 + 320 * nearness + random.uniform(-10, 10), tall=tall,
                growth=random.uniform(-0.03, 0.03), gain=random.uniform(0.8, 1.2),
                mirrored=bool(random.uniform() < 0.5), phase=random.uniform(0, 6.28),
            )
        )  # fmt: skip
        inside = False
        now = ts[-1] + random.uniform(1.5, 20)
    return walks


def _draw(
    random: np.random.Generator,
    people: Sequence[Cutout],
    place: NDArray[np.uint8],
    pillar: tuple[int, NDArray[np.uint8]] | None,
    walks: dict[int, list[_Walk]],
    now: float,
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64], list[int]]:
    frame = place.astype(np.float32)
    owner = np.full((HEIGHT, WIDTH), -1, np.int32)
    here = [(one, walk) for one, visits in walks.items() for walk in visits if walk.begin <= now < walk.end]
    here.sort(key=lambda item: item[1].feet)
    who, boxes, areas = [], [], []
    for one, walk in here:
        placed = _place(people[one], walk, now)
        mask = placed[1]
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows) or not len(columns):
            continue
        alpha = mask[..., None].astype(np.float32) / 255
        frame = frame * (1 - alpha) + placed[0] * (alpha * walk.gain * random.uniform(0.97, 1.03))
        owner[mask > 127] = len(who)
        who.append(one)
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        areas.append(float((people[one].mask > 127).mean()) * placed[2])
    if pillar is not None:
        left, strip = pillar
        frame[:, left : left + strip.shape[1]] = strip
        owner[:, left : left + strip.shape[1]] = -1
    frame += random.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.float32)
    visible = [float((owner == n).sum()) / max(area, 1.0) for n, area in enumerate(areas)]
    return (
        np.clip(frame, 0, 255).astype(np.uint8),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.minimum(np.array(visible, np.float64), 1.0),
        who,
    )


def _place(person: Cutout, walk: _Walk, now: float) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """The person where the walk has them: pixels and mask of the whole frame, and the area of its box."""
    x = float(np.interp(now, walk.ts, walk.xs))
    moving = abs(float(np.interp(now + 0.1, walk.ts, walk.xs)) - x) > 0.5
    leftward = float(np.interp(now + 0.1, walk.ts, walk.xs)) < x - 0.5
    step = np.sin(walk.phase + 6.0 * now) if moving else 0.0
    tall = walk.tall * float(np.exp(walk.growth * (now - walk.begin)))
    scale = tall / person.pixels.shape[0]
    across = scale * (1 + 0.06 * step) * (-1 if walk.mirrored != leftward else 1)
    lean = 0.05 * step
    high, wide = person.pixels.shape[:2]
    feet = walk.feet - abs(step) * 0.015 * tall
    # Source (wide / 2, high) to (x, feet).
    matrix = np.array(
        [
            [across, -lean * scale, x - across * wide / 2 + lean * scale * high],
            [0, scale, feet - scale * high],
        ]
    )
    size = (WIDTH, HEIGHT)
    pixels = cv2.warpAffine(
        person.pixels, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    mask = cv2.warpAffine(person.mask, matrix, size, flags=cv2.INTER_LINEAR)
    return pixels.astype(np.float32), mask, abs(across) * wide * scale * high
