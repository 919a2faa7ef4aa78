"""What following faces is worth for recognising them: single frames beside the embedding of a whole track.

    python -m bench --only face-tracks --data DATA --cache FOLDER

DATA has lfw/ and video/liveportrait/. A track of LFW's is one photo of a person, made small, blurred, turned,
dark and noisy in eight ways; it is compared with another photo of everybody. So only what frames differ in is
made up: people who move their heads are in the clips, whose two halves, in turn and with cuts between, have
to be eight people again.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.measurement import Tables
from regard.collections.face_models import FaceModels
from regard.packs.install import InstalledPack
from regard.video.following.face_tracks import FaceSight, FaceTracks, fuse, quality_of
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.image import Image
from regard.vision.session import SessionPool, one_thread_each

Read = tuple[int, Face, NDArray[np.float32]]  # ms, the face, its embedding
PEOPLE, FRAMES = 110, 8
MODEL = FaceModels().default
KEPT = 5  # as in FaceTracks


def read(analyzer: FaceAnalyzer, pixels: NDArray[np.uint8], timestamp: int = 0) -> Read | None:
    """The face nearest to the middle."""
    image = Image(np.ascontiguousarray(pixels), "")
    faces = analyzer.detect(image, limit=3)
    if not faces:
        return None
    middle = np.array([image.width, image.height]) / 2
    chosen = min(faces, key=lambda one: float(np.hypot(*(one.landmarks.mean(0) - middle))))
    return timestamp, chosen, MODEL.embedder.embed(analyzer.descriptors(image), [chosen])[0]


def worsened(photo: NDArray[np.uint8], side: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """A photo of LFW, with a face of about 100 px, as a frame of a video with one of `side` px."""
    high, wide = photo.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), random.normal(0, 6), 1)
    turn[:, 2] += random.normal(0, 4, 2)
    frame = cv2.warpAffine(photo, turn, (wide, high), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    scale = min(1.0, side * random.uniform(0.7, 1.4) / 100)
    frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if random.uniform() < 0.5:  # moves while the shutter is open
        length = int(random.integers(2, 5))
        streak = np.zeros((length, length), np.float32)
        streak[length // 2] = 1
        middle = length / 2 - 0.5
        streak = cv2.warpAffine(
            streak, cv2.getRotationMatrix2D((middle, middle), random.uniform(0, 180), 1), (length, length)
        )
        frame = cv2.filter2D(frame, -1, streak / max(float(streak.sum()), 1e-3))
    frame = frame * random.uniform(0.7, 1.2) + random.normal(0, 4, frame.shape)
    _, encoded = cv2.imencode(
        ".jpg",
        np.clip(frame, 0, 255).astype(np.uint8),
        [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 80))],
    )
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def read_lfw(data: Path, analyzer: FaceAnalyzer) -> list[tuple[Read, list[Read]]]:
    """By person: a photo, and a track made of another."""
    random = np.random.default_rng(3)
    folders = [one for one in sorted((data / "lfw").iterdir()) if len(list(one.glob("*.jpg"))) >= 3]
    result = []
    for number in random.permutation(len(folders))[:PEOPLE].tolist():
        files = sorted(folders[number].glob("*.jpg"))
        chosen = [files[n] for n in random.choice(len(files), 2, replace=False).tolist()]
        photo, source = (cv2.imread(str(file)) for file in chosen)
        side = random.uniform(24, 55)
        known = read(analyzer, photo[..., ::-1])
        track = [read(analyzer, worsened(source, side, random)[..., ::-1]) for _ in range(FRAMES)]
        if known is not None and any(track):
            result.append((known, [one for one in track if one is not None]))
    return result


def read_clips(data: Path, analyzer: FaceAnalyzer) -> dict[str, list[Read]]:
    """Four frames a second of each clip, at most ten seconds."""
    clips: dict[str, list[Read]] = {}
    for file in sorted((data / "video/liveportrait").glob("*.mp4")):
        video = cv2.VideoCapture(str(file))
        rate, number = video.get(cv2.CAP_PROP_FPS), 0
        clips[file.stem] = []
        while video.grab() and len(clips[file.stem]) < 40:
            if number % max(1, round(rate / 4)) == 0:
                _, frame = video.retrieve()
                scale = min(1.0, 640 / max(frame.shape))
                frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                found = read(analyzer, frame[..., ::-1], round(1000 * number / rate))
                clips[file.stem] += [found] if found else []
            number += 1
    return clips


def recognise(people: Sequence[tuple[Read, list[Read]]]) -> list[dict[str, object]]:
    vectors = MODEL.user_vectors
    gallery = np.array([known[2] for known, _ in people])
    tracks = [
        [FaceSight(n, quality_of(one[1]), one[2]) for n, one in enumerate(track)] for _, track in people
    ]
    ways: dict[str, Callable[[list[FaceSight]], NDArray[np.float32]]] = {
        "each frame alone": lambda track: np.array([one.embedding for one in track]),
        "the best frame": lambda track: max(track, key=lambda one: one.quality).embedding[None],
        "all, as photos of a user": lambda track: vectors.of(np.array([one.embedding for one in track]))[
            None
        ],
        f"the best {KEPT}, fused": lambda track: fuse(
            sorted(track, key=lambda one: -one.quality)[:KEPT], vectors, MODEL.alike_frames
        )[None],
    }
    rows: list[dict[str, object]] = []
    for name, way in ways.items():
        own, others = [], []
        for number, track in enumerate(tracks):
            apart = np.linalg.norm(way(track)[:, None] - gallery[None], axis=2)
            own.append(apart[:, number])
            others.append(np.delete(apart, number, 1).ravel())
        genuine, impostor = np.concatenate(own), np.concatenate(others)
        rows.append(
            {
                "embedding": name,
                "TMR at FMR .001": float((genuine <= np.quantile(impostor, 0.001)).mean()),
                "TMR at 80 %": float((genuine <= MODEL.curve.distance_at(80)).mean()),
                "FMR at 80 %": float((impostor <= MODEL.curve.distance_at(80)).mean()),
                "FMR at 60 %": float((impostor <= MODEL.curve.distance_at(60)).mean()),
            }
        )
    return rows


class _Embed:
    """Gives the embedding of a frame's one face, and counts how often."""

    def __init__(self, embedding: NDArray[np.float32]) -> None:
        self._embedding, self.asked = embedding, 0

    def __call__(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        self.asked += len(rows)
        return self._embedding[None][rows]


def follow(clips: dict[str, list[Read]]) -> dict[str, object]:
    """The first halves of all clips in turn, then the second."""
    tracks, now, asked, total = FaceTracks(MODEL, kept=KEPT), 0, 0, 0
    ids: dict[str, set[int]] = {name: set() for name in clips}
    for half in range(2):
        for name, sights in clips.items():
            middle = len(sights) // 2
            tracks.cut()
            for _, face, embedding in sights[middle:] if half else sights[:middle]:
                embed = _Embed(embedding)
                now, total = now + 250, total + 1
                ids[name] |= set(tracks.update(now, [face], embed).tolist()) - {-1}
                asked += embed.asked
    return {
        "clips": len(clips),
        "ids": len(set().union(*ids.values())),
        "clips of one id": sum(len(one) == 1 for one in ids.values()),
        "faces": total,
        "embedded": asked,
    }


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    file = chosen.cache / "faces.pickle"
    if not file.exists():
        analyzer = FaceAnalyzer(SessionPool(InstalledPack.load().paths()))
        file.write_bytes(pickle.dumps((read_lfw(chosen.data, analyzer), read_clips(chosen.data, analyzer))))
    people, clips = pickle.loads(file.read_bytes())  # noqa: S301 - written by the lines above
    yield f"{len(people)} people of LFW", recognise(people)
    yield "Clips", [follow(clips)]
