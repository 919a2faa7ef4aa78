"""How well shots and technical cues are told, on clips of which everything is known.

    python -m bench --only segments --data ../shared/data [--shots 40] [--programmes 30] [--peer]

Shots: clips of bench/made_clips.py from photos and films that training didn't see. A boundary is right within
two frames of a cut, or of the frames of a gradual transition. `--peer` runs PySceneDetect, in an environment
of its own, over the same frames.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import av
import cv2
import numpy as np

from bench.made_clips import Made, Picture, footage, made_shots, photos
from bench.made_programmes import Box, programme
from bench.measurement import Row, Tables
from bench.peers import pyscenedetect
from bench.peers.peer import PeerProcess
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.video.reading.frame import Frame
from regard.video.reading.stored_video import StoredVideo
from regard.video.segments.cues import Cue, CueDetector, CueKind, text_boxes
from regard.video.segments.shots import Shot, ShotDetector
from regard.vision.session import SessionPool, one_thread_each
from regard.vision.text import TextAnalyzer

SLACK = 2  # frames


class Shown:
    """A made frame, as a detector sees it."""

    def __init__(self, number: int, picture: Picture) -> None:
        self.number, self.timestamp = number, 40 * number
        self.thumbnail = cv2.resize(picture, (96, 54), interpolation=cv2.INTER_AREA)


def shots_of(frames: Sequence[Picture]) -> list[Shot]:
    detector, shots = ShotDetector(25.0), []
    for number, picture in enumerate(frames):
        shots += detector.add(Shown(number, picture))  # type: ignore[arg-type]
    return shots + detector.finish()


def scored(made: Made, begins: Sequence[int], counts: Counter[str]) -> list[bool]:
    """Adds what is right, found and wanted to the counts, by kind; says which boundaries are right."""
    free = list(range(len(begins)))
    right = [False] * len(begins)
    for transition in made.transitions:
        counts[f"{transition.kind} wanted"] += 1
        middle = (transition.first + transition.last) / 2
        near = [n for n in free if transition.first - SLACK <= begins[n] <= transition.last + 1 + SLACK]
        if near:
            best = min(near, key=lambda n: abs(begins[n] - middle))
            free.remove(best)
            right[best] = True
            counts[f"{transition.kind} right"] += 1
    counts["found"] += len(begins)
    return right


def report(name: str, counts: Counter[str]) -> Row:
    kinds = ("cut", "dissolve", "fade", "dip")
    wanted = sum(counts[f"{kind} wanted"] for kind in kinds)
    right = sum(counts[f"{kind} right"] for kind in kinds)
    return {
        "by": name,
        "precision": f"{right / max(1, counts['found']):.3f}",
        "recall": f"{right / max(1, wanted):.3f}",
        "F1": f"{2 * right / max(1, counts['found'] + wanted):.3f}",
        **{kind: f"{counts[f'{kind} right']}/{counts[f'{kind} wanted']}" for kind in kinds},
    }


def reliability(said: Sequence[float], right: Sequence[bool]) -> list[Row]:
    values, truth = np.array(said), np.array(right)
    rows: list[Row] = []
    for low, high in ((50, 70), (70, 90), (90, 97), (97, 100.1)):
        chosen = (values >= low) & (values < high)
        if chosen.any():
            rows.append(
                {
                    "confidence": f"{low}–{min(high, 100)}",
                    "finds": int(chosen.sum()),
                    "said, %": f"{values[chosen].mean():.0f}",
                    "right, %": f"{100 * truth[chosen].mean():.0f}",
                }
            )
    return rows


def peers() -> dict[str, Callable[[Sequence[Picture]], list[int]]]:
    """PySceneDetect's detectors, at their defaults, fed with the same frames."""

    def run(variant: str) -> Callable[[Sequence[Picture]], list[int]]:
        process = PeerProcess(pyscenedetect.PEER, variant)

        def begins(frames: Sequence[Picture]) -> list[int]:
            with NamedTemporaryFile(suffix=".npy") as file:
                np.save(file, np.stack(frames))
                file.flush()
                found: list[int] = process.look(Path(file.name))[1]
            return found

        return begins

    return {f"PySceneDetect {variant}": run(variant) for variant in pyscenedetect.PEER.variants}


def measure_shots(data: Path, clips: int, *, peer: bool) -> Tables:
    others = peers() if peer else {}
    counts = {name: Counter[str]() for name in ("Regard", *others)}
    said: list[float] = []
    right: list[bool] = []
    spent, frames = 0.0, 0
    for seed in range(clips):
        made = made_shots(
            np.random.default_rng(70_000 + seed), photos(data, half=1), filmed=footage(data, half=1)
        )
        begin = time.process_time()
        shots = shots_of(made.frames)
        spent, frames = spent + time.process_time() - begin, frames + len(made.frames)
        right += scored(made, [shot.first_frame for shot in shots[1:]], counts["Regard"])
        said += [shot.confidence for shot in shots[1:]]
        for name, run in others.items():
            scored(made, run(made.frames), counts[name])
    yield (
        f"Shots: {frames:,} frames; {1000 * spent / frames:.2f} ms a frame, decoding aside",
        [report(name, count) for name, count in counts.items()],
    )
    yield "Boundaries of shots by confidence", reliability(said, right)


KINDS = [kind.value for kind in CueKind]
TextOf = Callable[[Frame, Sequence[Box]], Sequence[Box]]  # a frame's lines, given those that were drawn


def encoded(path: Path, pictures: Sequence[Picture]) -> None:
    """H.264 at 25 frames a second, at the quality of a broadcast's copy."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def reader() -> TextOf:
    """Reads the text by the models of the default pack."""
    analyzer = TextAnalyzer(SessionPool(install(find_pack("default")).paths()))

    def lines(frame: Frame, drawn: Sequence[Box]) -> list[Box]:  # noqa: ARG001
        return text_boxes(analyzer.read(frame.image), frame.image.width, frame.image.height)

    return lines


def cues_of(path: Path, drawn: Sequence[Sequence[Box]], text_of: TextOf) -> tuple[list[Cue], int]:
    """The cues of a video, and in how many of its frames text was read."""
    cues, read = [], 0
    with StoredVideo.open(path) as video:
        detector = CueDetector(video.facts.frame_rate, video.duration)
        for frame in video.frames():
            text = None
            if detector.wants_text(frame):
                text, read = text_of(frame, drawn[frame.number]), read + 1
            cues += detector.add(frame, text)
        return cues + detector.finish(), read


def overlap(cue: Cue, truth: tuple[str, int, int]) -> float:
    """Intersection over union in frames; 0 for another kind."""
    kind, first, last = truth
    both = min(cue.last_frame, last) - max(cue.first_frame, first) + 1
    either = max(cue.last_frame, last) - min(cue.first_frame, first) + 1
    return max(0, both) / either if cue.kind.value == kind else 0.0


def merged(cues: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Parts of the programme that follow each other are one."""
    after: list[tuple[str, int, int]] = []
    for cue in cues:
        if after and after[-1][0] == cue[0] and after[-1][2] + 1 == cue[1]:
            after[-1] = (cue[0], after[-1][1], cue[2])
        else:
            after.append(cue)
    return after


def measure_cues(data: Path, programmes: int, text_of: TextOf, *, show: bool) -> Tables:
    counts: Counter[str] = Counter()
    said: list[float] = []
    right: list[bool] = []
    edges: dict[str, list[int]] = {kind: [] for kind in KINDS}
    read = length = 0
    for seed in range(programmes):
        made = programme(np.random.default_rng(170_000 + seed), photos(data, half=1))
        truths = merged(made.cues)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "programme.mp4"
            encoded(path, [page.picture for page in made.pages])
            cues, some = cues_of(path, [page.lines for page in made.pages], text_of)
        read, length = read + some, length + len(made.pages)
        left = list(truths)
        for cue in cues:
            best = max(left, key=lambda truth: overlap(cue, truth), default=("", 0, 0))
            matches = overlap(cue, best) >= 0.5
            counts[f"{cue.kind} found"] += 1
            said.append(cue.confidence)
            right.append(matches)
            if matches:
                left.remove(best)
                counts[f"{cue.kind} right"] += 1
                edges[cue.kind] += [abs(cue.first_frame - best[1]), abs(cue.last_frame - best[2])]
        for truth in truths:
            counts[f"{truth[0]} wanted"] += 1
        if show and (left or not all(right[-len(cues) :])):
            print(seed, "missed", left)
            for cue, fine in zip(cues, right[-len(cues) :], strict=True):
                print(
                    "   ",
                    "  " if fine else "✗ ",
                    cue.kind,
                    cue.first_frame,
                    cue.last_frame,
                    round(cue.confidence),
                )
    rows: list[Row] = []
    for kind in KINDS:
        got, all_of = counts[f"{kind} right"], counts[f"{kind} wanted"]
        rows.append(
            {
                "cue": kind,
                "in the clips": all_of,
                "precision": f"{got / max(1, counts[f'{kind} found']):.2f}",
                "recall": f"{got / max(1, all_of):.2f}",
                "half of the edges within": f"{np.median(edges[kind]):.0f} frames" if edges[kind] else "",
            }
        )
    yield f"Technical cues: {length:,} frames, text read in {read:,}", rows
    yield "Technical cues by confidence", reliability(said, right)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shots", type=int, default=40, help="clips of twelve shots")
    parser.add_argument("--programmes", type=int, default=30, help="programmes of a minute or less")
    parser.add_argument("--read", action="store_true", help="read their text, rather than know it")
    parser.add_argument("--show", action="store_true", help="name what was missed or made up")


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    if chosen.shots:
        yield from measure_shots(chosen.data, chosen.shots, peer=chosen.peer)
    if chosen.programmes:
        text_of = reader() if chosen.read else lambda _, drawn: drawn
        yield from measure_cues(chosen.data, chosen.programmes, text_of, show=chosen.show)
