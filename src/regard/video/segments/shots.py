"""Shots of a video: what lies between one cut, dissolve or fade and the next."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from regard.errors import InternalServerError
from regard.video.reading.frame import FrameView
from regard.video.segments.evidence import ENTERED, LEFT, PLAIN, SETTLED, Candidate, Watcher
from regard.video.segments.likeness import GREY_HEIGHT, GREY_WIDTH, signature
from regard.video.segments.stretch import FramePlace
from regard.vision.geometry import sigmoid
from regard.vision.pixels import Floats, Pixels

WEIGHTS = Path(__file__).parent / "shots.npz"
VERSION = "2"  # of a state; 1 is read too
_NOTED = 0.05  # probability of a boundary below which it isn't kept
_FASTEST = 30  # frames a second that are compared; of faster video every second, third …
_CHAIN = 2000  # frames in which candidates may follow each other before they are settled anyway


@dataclass(frozen=True, slots=True)
class Shot:
    """`first_frame` to `last_frame`, numbers of frames; `start` and `end`, the times of the two in ms;
    `confidence` in percent; `index` from 0."""

    first_frame: int
    last_frame: int
    start: int
    end: int
    confidence: float
    index: int


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A candidate, by the frames that are compared, with its place in the video and its probability."""

    at: int
    first: int
    last: int
    place: FramePlace
    probability: float

    def excludes(self, other: _Boundary) -> bool:
        return self.first <= other.at <= self.last or other.first <= self.at <= other.last


class Judge:
    """Small networks, one for each kind of evidence: standardised features, one layer of tanh, a sigmoid.

    training/fit_shots.py makes them; their probabilities are calibrated on clips they were not trained on.
    """

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._weights = weights

    @classmethod
    @cache
    def load(cls) -> Judge:
        with np.load(WEIGHTS) as file:
            return cls({name: file[name] for name in file.files})

    def probabilities(self, candidates: Sequence[Candidate]) -> Floats:
        """(N,), those of one kind at a time."""
        said = np.zeros(len(candidates), np.float32)
        for kind in {candidate.kind for candidate in candidates}:
            places = [place for place, candidate in enumerate(candidates) if candidate.kind == kind]
            said[places] = self._probabilities(
                kind, np.stack([candidates[place].features for place in places])
            )
        return said

    def _probabilities(self, kind: str, features: Floats) -> Floats:
        if kind in (ENTERED, LEFT):  # a second of one colour is a shot if there was a picture before or after
            margins = features[:, 0] / PLAIN
            return margins / (1 + margins)
        weights = self._weights
        inputs = np.clip((features - weights[f"{kind}.mean"]) / weights[f"{kind}.scale"], -5, 5)
        hidden = np.tanh(inputs @ weights[f"{kind}.hidden"].T + weights[f"{kind}.hidden_bias"])
        values = hidden @ weights[f"{kind}.output"] + weights[f"{kind}.output_bias"]
        return sigmoid(np.asarray(values, np.float32))


class ShotDetector:
    """Tells shots from frames as they come, three to six seconds behind them.

    Shots cover the video without a gap. A shot's confidence is the lowest of the probabilities of its two
    boundaries, and of there being none within it.
    """

    def __init__(self, frame_rate: float, *, judge: Judge | None = None) -> None:
        self._rate = frame_rate
        self._step = max(1, round(frame_rate / _FASTEST))
        self._judge = judge or Judge.load()
        self._watcher = Watcher()
        self._seen = 0
        self._last: tuple[int, int, Pixels] | None = None  # the last frame: number, timestamp, signature
        self._largest = -1.0  # change since the last frame that was compared
        self._place = FramePlace(0, 0, 0, 0)  # of that change
        self._candidates: list[_Boundary] = []
        self._begun: tuple[int, int, float] | None = (
            None  # the shot under way: number, timestamp, probability
        )
        self._missed = 0.0  # the greatest probability of a boundary in it that wasn't taken for one
        self._index = 0

    def add(self, frame: FrameView) -> list[Shot]:
        """The shots that are told for good now that `frame`, the next one, is known."""
        pixels = signature(frame.thumbnail)
        number, timestamp, before = self._last or (frame.number, frame.timestamp, pixels)
        change = float(cv2.norm(pixels, before, cv2.NORM_L1))
        if change > self._largest:
            self._largest = change
            self._place = FramePlace(frame.number, frame.timestamp, number, timestamp)
        if self._begun is None:
            self._begun = frame.number, frame.timestamp, 1.0
        self._last = frame.number, frame.timestamp, pixels
        self._seen += 1
        if (self._seen - 1) % self._step:
            return []
        self._largest = -1.0
        found = self._watcher.add(pixels, self._place)
        if found is None:
            return []
        self._note(found)
        return self._settle(self._watcher.stretch.count - 1 - SETTLED)

    def finish(self) -> list[Shot]:
        """The shots that are left when there are no more frames."""
        if self._last is None:
            return []
        self._note(self._watcher.finish())
        shots = self._settle(self._watcher.stretch.count + SETTLED)
        number, timestamp, _ = self._last
        return [*shots, self._shot(number, timestamp, 1.0)]

    def _note(self, candidates: Sequence[Candidate]) -> None:
        said = self._judge.probabilities(candidates).tolist()
        for candidate, probability in zip(candidates, said, strict=True):
            if probability >= _NOTED:
                place = self._watcher.stretch.place(candidate.at)
                self._candidates.append(
                    _Boundary(candidate.at, candidate.first, candidate.last, place, probability)
                )

    def _settle(self, known: int) -> list[Shot]:
        """Decides on the candidates before frame `known`: of those that exclude each other, the likeliest."""
        shots: list[Shot] = []
        while self._candidates:
            self._candidates.sort(key=lambda candidate: candidate.first)
            last, count = -1, 0
            for candidate in self._candidates:
                if count and candidate.first > last:
                    break
                last, count = max(last, candidate.last), count + 1
            if last >= known:
                if known - self._candidates[0].first < _CHAIN:
                    break
                count = sum(candidate.last < known for candidate in self._candidates[:count])
                self._candidates.sort(key=lambda candidate: candidate.last)
            shots += self._decided(self._candidates[:count])
            del self._candidates[:count]
        return shots

    def _decided(self, candidates: list[_Boundary]) -> list[Shot]:
        chosen: list[_Boundary] = []
        for candidate in sorted(candidates, key=lambda candidate: -candidate.probability):
            if candidate.probability >= 0.5 and not any(candidate.excludes(other) for other in chosen):
                chosen.append(candidate)
        shots = []
        for candidate in sorted(candidates, key=lambda candidate: candidate.at):
            if candidate in chosen:
                place, probability = candidate.place, candidate.probability
                shots.append(self._shot(place.number_before, place.timestamp_before, probability))
                self._begun = place.number, place.timestamp, probability
            elif not any(candidate.excludes(other) for other in chosen):
                self._missed = max(self._missed, candidate.probability)
        return shots

    def _shot(self, number: int, timestamp: int, probability: float) -> Shot:
        first, start, begun = self._begun or (0, 0, 1.0)
        confidence = 100 * min(begun, probability, 1 - self._missed)
        shot = Shot(first, number, start, timestamp, confidence, self._index)
        self._index += 1
        self._missed = 0.0
        return shot

    def state(self) -> dict[str, Any]:
        """JSON-able; `restore` goes on from it."""
        last = self._last and [*self._last[:2], b64encode(self._last[2].tobytes()).decode("ascii")]
        return {
            "version": VERSION,
            "rate": self._rate,
            "watcher": self._watcher.state(),
            "seen": self._seen,
            "last": last,
            "largest": self._largest,
            "place": self._place,
            "candidates": [astuple(candidate) for candidate in self._candidates],
            "begun": self._begun,
            "missed": self._missed,
            "index": self._index,
        }

    @classmethod
    def restore(cls, state: dict[str, Any], *, judge: Judge | None = None) -> ShotDetector:
        """Raises InternalServerError for the state of another version: a worker of that one may take it."""
        if state.get("version") not in (VERSION, "1"):
            raise InternalServerError("Another version of Regard has begun this job, and goes on with it.")
        detector = cls(state["rate"], judge=judge)
        detector._watcher = Watcher.restore(state["watcher"])
        detector._seen, detector._largest = state["seen"], state["largest"]
        if state["last"]:
            number, timestamp, pixels = state["last"]
            shape = (GREY_HEIGHT, GREY_WIDTH, 3)
            detector._last = number, timestamp, np.frombuffer(b64decode(pixels), np.uint8).reshape(shape)
        detector._place = FramePlace(*state["place"])
        detector._candidates = [
            _Boundary(at, first, last, FramePlace(*place), probability)
            for at, first, last, place, probability in state["candidates"]
        ]
        detector._begun = state["begun"] and tuple(state["begun"])
        detector._missed, detector._index = state["missed"], state["index"]
        return detector
