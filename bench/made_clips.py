"""Random clips of which every shot, transition and technical cue is known: photos under a moving camera.

Backgrounds are photos; the camera rests, pans, zooms, shakes or whips, parts of other photos cross the
picture, lights flicker and flash; some shots are of real footage. They meet in cuts, dissolves and fades;
some follow on another part of the same photo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from regard.video.reading.stored_video import StoredVideo

Picture = np.ndarray  # (height, width, 3), uint8, RGB
Shot = list[Picture]


@dataclass(frozen=True, slots=True)
class Transition:
    """`first` and `last`: frames of the transition; of a cut, the first frame of the new shot twice."""

    kind: str  # cut, dissolve, fade, dip (to white)
    first: int
    last: int


@dataclass(slots=True)
class Made:
    frames: list[Picture] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    clear: int = 0  # the first frame of the last shot that no transition touches


def camera(
    random: np.random.Generator, photo: Picture, length: int, size: tuple[int, int], *, move: str = ""
) -> Shot:
    """`length` frames of (width, height) px that a camera takes of a photo."""
    width, height = size
    high, wide = photo.shape[:2]
    move = move or str(
        random.choice(
            ["rest", "pan", "zoom", "shake", "whip", "drift"], p=[0.25, 0.22, 0.15, 0.15, 0.08, 0.15]
        )
    )
    fit = max(width / wide, height / high)
    zoom = fit * random.uniform(1.1, 2.2)
    room = np.array([wide - width / zoom, high - height / zoom]) / 2
    centre = np.array([wide, high]) / 2 + random.uniform(-1, 1, 2) * room
    speed = {"rest": 0.0, "pan": 0.008, "zoom": 0.002, "shake": 0.002, "whip": 0.06, "drift": 0.002}[move]
    direction = random.uniform(-1, 1, 2) * (1, 0.4)
    direction *= speed * random.uniform(0.4, 1.6) * wide / max(1e-6, float(np.linalg.norm(direction)))
    growth = 1 + (random.uniform(0.001, 0.012) * random.choice([-1, 1]) if move == "zoom" else 0)
    whip = (random.integers(0, max(1, length)), random.integers(4, 12)) if move == "whip" else (0, length)
    shake = random.uniform(0.5, 3) if move == "shake" else 0.0
    jitter = np.zeros(2)
    shot = []
    for at in range(length):
        if whip[0] <= at < whip[0] + whip[1]:
            centre = centre + direction
        zoom = np.clip(zoom * growth, fit, 4 * fit)
        jitter = 0.7 * jitter + random.normal(0, 1, 2) * shake
        room = np.array([wide - width / zoom, high - height / zoom]) / 2
        seen = np.clip(centre + jitter, np.array([wide, high]) / 2 - room, np.array([wide, high]) / 2 + room)
        matrix = np.array([[zoom, 0, width / 2 - zoom * seen[0]], [0, zoom, height / 2 - zoom * seen[1]]])
        shot.append(
            cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        )
    return shot


def cross(random: np.random.Generator, shot: Shot, photo: Picture) -> Shot:
    """The shot with a part of another photo, an oval, that moves across it."""
    height, width = shot[0].shape[:2]
    tall = int(height * random.uniform(0.2, 0.95))
    broad = int(min(width, tall * random.uniform(0.4, 1.4)))
    piece = cv2.resize(photo, (broad, tall))
    oval = np.zeros((tall, broad), np.float32)
    cv2.ellipse(oval, (broad // 2, tall // 2), (broad // 2, tall // 2), 0, 0, 360, 1, -1)
    place = np.array([random.uniform(-broad, width), random.uniform(0, height - tall / 2)])
    step = random.normal(0, 1, 2) * (width * random.choice([0.004, 0.012, 0.03]), height * 0.004)
    after = []
    for picture in shot:
        place = place + step + random.normal(0, 0.4, 2)
        left, top = round(place[0]), round(place[1])
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + broad), min(height, top + tall)
        if x0 < x1 and y0 < y1:
            picture = picture.copy()
            mask = oval[y0 - top : y1 - top, x0 - left : x1 - left, None]
            part = piece[y0 - top : y1 - top, x0 - left : x1 - left]
            picture[y0:y1, x0:x1] = picture[y0:y1, x0:x1] * (1 - mask) + part * mask
        after.append(picture)
    return after


def lit(random: np.random.Generator, shot: Shot) -> Shot:
    """The shot under a light that flickers or flashes, or an exposure that drifts."""
    kind = random.choice(["flicker", "flash", "strobe", "drift"])
    gains, lifts = np.ones(len(shot)), np.zeros(len(shot))
    if kind == "flicker":
        gains += random.normal(0, 0.04, len(shot))
    elif kind == "drift":
        gains *= np.linspace(1, random.uniform(0.6, 1.5), len(shot))
    else:
        for _ in range(1 if kind == "flash" else 6):
            start, lasts = random.integers(0, len(shot)), random.integers(1, 5)
            fading = np.linspace(1, 0.4, lasts)[: len(lifts[start : start + lasts])]
            lifts[start : start + lasts] = fading * random.uniform(0.4, 1.0)
    return [
        np.clip((picture * gain) * (1 - lift) + 255 * lift, 0, 255).astype(np.uint8)
        for picture, gain, lift in zip(shot, gains, lifts, strict=True)
    ]


def blend(first: Picture, second: Picture, share: float) -> Picture:
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def join(made: Made, shot: Shot, kind: str, lasts: int, *, dark: int = 0) -> None:
    """Appends a shot by a cut, a dissolve of `lasts` frames, or a fade out and in of as many each, with
    `dark` frames of black (of a dip, white) between."""
    if not made.frames:
        made.frames += shot
        return
    begin = len(made.frames)
    lasts = max(1, min(lasts, begin - made.clear - 4, len(shot) - 4))
    if kind == "dissolve" and lasts > 1:
        for at in range(lasts):
            frame = made.frames[begin - lasts + at]
            made.frames[begin - lasts + at] = blend(frame, shot[at], (at + 1) / (lasts + 1))
        made.frames += shot[lasts:]
        made.transitions.append(Transition(kind, begin - lasts, begin - 1))
    elif kind in ("fade", "dip") and lasts > 1:
        plain = np.full_like(shot[0], 255 if kind == "dip" else 0)
        for at in range(lasts):
            frame = made.frames[begin - lasts + at]
            made.frames[begin - lasts + at] = blend(frame, plain, (at + 1) / lasts)
        made.frames += [plain] * dark
        made.frames += [blend(plain, shot[at], at / lasts) for at in range(lasts)] + shot[lasts:]
        made.transitions.append(Transition(kind, begin - lasts, begin + dark + lasts - 1))
    else:
        made.frames += shot
        made.transitions.append(Transition("cut", begin, begin))
    made.clear = made.transitions[-1].last + 1


def shot_of(
    random: np.random.Generator, photos: Sequence[Picture], photo: Picture, length: int, size: tuple[int, int]
) -> Shot:
    shot = camera(random, photo, length, size)
    for _ in range(random.choice([0, 1, 2], p=[0.5, 0.35, 0.15])):
        shot = cross(random, shot, photos[random.integers(len(photos))])
    return lit(random, shot) if random.random() < 0.3 else shot


def grained(random: np.random.Generator, shot: Shot, grain: float) -> Shot:
    if grain <= 0:
        return shot
    sheets = random.normal(0, grain, (8, *shot[0].shape)).astype(np.float32)
    return [np.clip(picture + sheets[n % 8], 0, 255).astype(np.uint8) for n, picture in enumerate(shot)]


def made_shots(
    random: np.random.Generator,
    photos: Sequence[Picture],
    *,
    shots: int = 12,
    size: tuple[int, int] = (192, 108),
    filmed: Sequence[Callable[[int], Shot]] = (),
) -> Made:
    """A clip of that many shots. `filmed` give real footage of a length, without transitions in it."""
    made = Made()
    photo = photos[random.integers(len(photos))]
    for _ in range(shots):
        if random.random() > 0.15:  # else another view of the same photo
            photo = photos[random.integers(len(photos))]
        length = int(np.exp(random.uniform(np.log(10), np.log(170))))
        kind = str(random.choice(["cut", "dissolve", "fade", "dip"], p=[0.55, 0.25, 0.15, 0.05]))
        lasts = int(random.integers(6, 40)) if kind != "cut" else 1
        if filmed and random.random() < 0.12:
            shot = filmed[random.integers(len(filmed))](max(length, 2 * lasts + 8))
        else:
            shot = shot_of(random, photos, photo, max(length, 2 * lasts + 8), size)
        join(made, shot, kind, lasts, dark=int(random.integers(0, 16)))
    made.frames = grained(random, made.frames, float(random.choice([0, 1.5, 4])))
    return made


@cache
def photos(data: Path, *, half: int) -> list[Picture]:
    """Every second photo of data/scenes, from the first or the second on: for training, or for judging."""
    files = sorted((data / "scenes").glob("*/*"))[half::2]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


@cache
def footage(data: Path, *, half: int, size: tuple[int, int] = (192, 108)) -> list[Callable[[int], Shot]]:
    """Of data/video, what has no cuts: each function gives so many frames, from the beginning, then back."""
    files = [*sorted((data / "video" / "liveportrait").glob("*.mp4")), data / "video/intel/car-detection.mp4"]
    return [_played(file, size) for file in files[half::2]]


def _played(file: Path, size: tuple[int, int]) -> Callable[[int], Shot]:
    with StoredVideo.open(file) as video:
        frames = [
            cv2.resize(frame.image.pixels, size, interpolation=cv2.INTER_AREA)
            for frame in islice(video.frames(), 250)
        ]
    there_and_back = frames + frames[-2:0:-1]
    return lambda length: [there_and_back[at % len(there_and_back)] for at in range(length)]
