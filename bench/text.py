"""How much text is found and read right, and how much of a core a picture takes.

    python -m bench --only text --data ../shared/data [--sets icdar2015 drawn] [--peer]

Needs the default model pack. A find counts when it overlaps what is annotated by half (intersection over
union) and says the same, upper or lower case and spaces aside; what is annotated as unreadable (###)
neither counts nor harms. Annotated are words (ICDAR 2015; drawn pages, whose truth is exact) or whole lines
(ICPR 2018, receipts, cut-out words). Intervals of 95 % are from resampling the pictures. `--peer` runs
the package `rapidocr`, in an environment of its own, over the same pictures and compares the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import cv2
import numpy as np

from bench.measurement import Row, Tables
from bench.peers import rapidocr
from bench.peers.peer import PeerProcess
from bench.text_sets import SETS, Find, Sample, matched
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.image import Image
from regard.vision.session import SessionPool, one_thread_each
from regard.vision.text import TextAnalyzer


@dataclass(frozen=True, eq=False)
class Read:
    """A picture's words and its lines, and the seconds of processor time that reading them took."""

    words: Sequence[Find]
    lines: Sequence[Find]
    seconds: float


Reader = Callable[[Image], Read]


def rates(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of counts (…, 3): right finds, finds, wanted."""
    right, found, wanted = np.moveaxis(counts.astype(float), -1, 0)
    precision, recall = right / np.maximum(found, 1), right / np.maximum(wanted, 1)
    return np.stack([precision, recall, 2 * right / np.maximum(found + wanted, 1)], -1)


def with_intervals(counts: np.ndarray) -> list[str]:
    """`rates` of counts (pictures, 3) together, each with its interval."""
    random = np.random.default_rng(0)
    drawn = rates(counts[random.integers(0, len(counts), (2000, len(counts)))].sum(1))
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    middle = rates(counts.sum(0))
    return [f"{at:.2f} ({a:.2f}–{b:.2f})" for at, a, b in zip(middle, low, high, strict=True)]


def measure(name: str, read: Reader, samples: Sequence[Sample]) -> Row:
    rows, located, times = [], [], []
    for sample in samples:
        found = read(sample.image)
        times.append(1000 * found.seconds)
        finds = found.lines if sample.lines else found.words
        rows.append(matched(finds, sample.truth, same_text=True))
        located.append(matched(finds, sample.truth, same_text=False))
    wanted = sum(row[2] for row in rows)
    precision, recall, f1 = with_intervals(np.array(rows))
    places = rates(np.array(located).sum(0))
    return {
        "set": name,
        "pictures": len(rows),
        "wanted": wanted,
        "precision": precision,
        "recall": recall,
        "F1": f1,
        "found, whatever it says": f"{places[0]:.2f} / {places[1]:.2f}",
        "CPU ms (median)": f"{np.median(times):.0f}",
    }


def regard_reader() -> Reader:
    analyzer = TextAnalyzer(SessionPool(install(find_pack("default")).paths()))

    def read(image: Image) -> Read:
        begin = time.process_time()
        lines = analyzer.read(image)
        seconds = time.process_time() - begin
        words = [Find(word.text, word.quad) for line in lines for word in line.words]
        return Read(words, [Find(line.text, line.quad) for line in lines], seconds)

    return read


def peer_reader() -> Reader:
    peer = PeerProcess(rapidocr.PEER)

    def read(image: Image) -> Read:
        with NamedTemporaryFile(suffix=".png") as file:
            cv2.imwrite(file.name, np.ascontiguousarray(image.pixels[:, :, ::-1]))
            seconds, found = peer.look(Path(file.name))
        words, lines = (
            [Find(text, np.float32(quad)) for text, quad in found[kind]] for kind in ("words", "lines")
        )
        return Read(words, lines, seconds)

    return read


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    yield "Text read", _rows(chosen.data, chosen.sets, peer=chosen.peer)


def _rows(data: Path, parts: Sequence[str], *, peer: bool) -> Iterator[Row]:
    readers = {"": regard_reader()} | ({" (rapidocr)": peer_reader()} if peer else {})
    for name, make in SETS.items():
        if any(part in name for part in parts):
            samples = make(data)
            for suffix, read in readers.items():
                read(samples[0].image)
                yield measure(name + suffix, read, samples)
