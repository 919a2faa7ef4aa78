"""Faces followed through a video, the best sights of each, and one embedding a track made of them.

A face in a single frame may be small, blurred or turned. So of each track the best sights are kept, some time
apart, and their embeddings are averaged, the better ones weighing more. What changes from frame to frame
cancels out, as in a user's vector (`regard.collections.user_vector`), and the average is moved away from the
average face for the same reason: it would be nearer to everybody. But frames of one track are alike in much
that a photo of another day is not: they count as fewer faces than they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModel
from regard.collections.user_vector import UserVectors
from regard.video.following.appearance import Embeddings, pack, unpack
from regard.video.following.tracks import Ids, Named, Tracker, face_settings
from regard.vision.faces.face import Face
from regard.vision.geometry import corners, unit_rows

Embed = Callable[[Ids], NDArray[np.float32]]  # embeddings (K, D) of these K of the faces

_LARGE, _SHARP = 80.0, 50.0  # px, and 0 to 100: more of either helps recognition no further
_APART = 500  # ms between two kept sights of a track
_BETTER = 1.1  # how much better a sight has to be to take another's place: embeddings cost


@dataclass(frozen=True, eq=False, slots=True)
class FaceSight:
    """A face at a time, ms: its `quality`, 0 to 1, and `embedding` (D,), float32."""

    timestamp: int
    quality: float
    embedding: NDArray[np.float32]


def quality_of(face: Face) -> float:
    """0 to 1: how much a face is worth for recognition: large, sharp, turned to the camera, surely a face.

    Brightness is left out: dark skin must not read as a bad picture.
    """
    turn = np.radians(max(abs(face.pose.yaw), abs(face.pose.pitch)))
    frontal = max(float(np.cos(turn)), 0.0) ** 2
    size, sharp = min(face.box.side / _LARGE, 1.0), min(face.quality.sharpness / _SHARP, 1.0)
    return face.confidence / 100 * size * (0.25 + 0.75 * sharp) * frontal


class FaceTracks:
    """The faces of one video. Ids are 0, 1, 2, … in order of appearance.

    `model`: whose embeddings are taken. `kept`: at most how many sights a track keeps.
    """

    def __init__(self, model: FaceModel, *, kept: int = 5, tracker: Tracker | None = None) -> None:
        self._vectors, self._kept, self._alike = model.user_vectors, kept, model.alike_frames
        self._tracker = tracker or Tracker(face_settings(model.appearance))
        self._sights: dict[int, list[FaceSight]] = {}  # by id, the earliest first
        self._waiting: dict[tuple[int, int], FaceSight] = {}  # by timestamp and row, of no track yet
        self._patience = 4_000

    def oriented(self, embeddings: NDArray[np.float32]) -> Embeddings:
        """Embeddings (N, D) as unit vectors away from the average face: their cosines tell people apart."""
        return unit_rows(np.asarray(embeddings - self._vectors.average, np.float32))

    @property
    def named(self) -> tuple[Named, ...]:
        """The earlier faces whose track the last update has come to believe."""
        return self._tracker.named

    def update(self, timestamp: int, faces: Sequence[Face], embed: Embed) -> Ids:
        """The ids (N,) of the faces of a frame at `timestamp`, ms, later than the last; −1 for none yet.

        `embed` is asked for the embeddings that are needed: of faces that are new or could be mistaken, and
        of better sights than those that are kept.
        """
        boxes = corners([face.box for face in faces])
        embeddings: dict[int, NDArray[np.float32]] = {}

        def take(rows: Ids) -> Embeddings:
            missing = np.array([row for row in rows.tolist() if row not in embeddings], np.intp)
            if len(missing):
                embeddings.update(zip(missing.tolist(), embed(missing), strict=True))
            return self.oriented(np.array([embeddings[row] for row in rows.tolist()]))

        ids = self._tracker.update(timestamp, boxes, np.array([one.confidence / 100 for one in faces]), take)
        qualities = [quality_of(one) for one in faces]
        better = [
            row
            for row, number in enumerate(ids.tolist())
            if number >= 0 and self._is_wanted(number, timestamp, qualities[row])
        ]
        if better:
            take(np.array(better, np.intp))
        for row in better:
            self._put(int(ids[row]), FaceSight(timestamp, qualities[row], embeddings[row]))
        self._resolve(timestamp)
        for row, embedding in embeddings.items():
            if ids[row] < 0:
                self._waiting[timestamp, row] = FaceSight(timestamp, qualities[row], embedding)
        return ids

    def cut(self) -> None:
        """A new shot begins with the next update."""
        self._tracker.cut()

    def sights(self, number: int) -> tuple[FaceSight, ...]:
        """What is kept of a track, the earliest first; empty for a track that there isn't."""
        return tuple(self._sights.get(number, ()))

    def embedding(self, number: int) -> NDArray[np.float32]:
        """One embedding (D,) of all that is kept of a track, for searches in a gallery of faces.

        Raises KeyError for a track that there isn't.
        """
        return fuse(self._sights[number], self._vectors, self._alike)

    def over(self) -> tuple[int, ...]:
        """The tracks with sights that the tracker remembers no more: nothing will be added to them."""
        known = self._tracker.known
        return tuple(number for number in self._sights if number not in known)

    def forget(self, number: int) -> None:
        """Its sights aren't needed any more. What is kept is bounded if every track that is over is
        forgotten.
        """
        self._sights.pop(number, None)

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON; `restore` goes on as if it had never stopped."""
        return {
            "tracker": self._tracker.state(),
            "sights": [[number, [_state(one) for one in sights]] for number, sights in self._sights.items()],
            "waiting": [[row, _state(one)] for (_, row), one in self._waiting.items()],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], model: FaceModel, *, kept: int = 5) -> FaceTracks:
        """From what `state` gave, of a video whose faces were followed by the same model."""
        tracker = Tracker.restore(state["tracker"], face_settings(model.appearance))
        tracks = cls(model, kept=kept, tracker=tracker)
        tracks._sights = {
            int(number): [_restore(one) for one in sights] for number, sights in state["sights"]
        }
        for row, one in state["waiting"]:
            sight = _restore(one)
            tracks._waiting[sight.timestamp, int(row)] = sight
        return tracks

    def _is_wanted(self, number: int, timestamp: int, quality: float) -> bool:
        sights = self._sights.get(number, [])
        near = [one for one in sights if timestamp - one.timestamp < _APART]
        if near:
            return quality > _BETTER * max(one.quality for one in near)
        return len(sights) < self._kept or quality > _BETTER * min(one.quality for one in sights)

    def _put(self, number: int, new: FaceSight) -> None:
        sights = self._sights.setdefault(number, [])
        near = [one for one in sights if abs(new.timestamp - one.timestamp) < _APART]
        if any(one.quality >= new.quality for one in near):
            return
        sights = [one for one in sights if one not in near] + [new]
        sights.sort(key=lambda one: one.timestamp)
        if len(sights) > self._kept:
            sights.remove(min(sights, key=lambda one: one.quality))
        self._sights[number] = sights

    def _resolve(self, timestamp: int) -> None:
        """Faces from before a track was believed are its sights, too."""
        for one in self._tracker.named:
            sight = self._waiting.pop((one.timestamp, one.row), None)
            if sight is not None:
                self._put(one.id, sight)
        for when, row in [key for key in self._waiting if timestamp - key[0] > self._patience]:
            del self._waiting[when, row]


def fuse(sights: Sequence[FaceSight], vectors: UserVectors, alike: float) -> NDArray[np.float32]:
    """One embedding (D,) from at least one sight of the same face.

    The mean weighs by quality. n equal sights, of which `alike` of what a photo adds is common, spread as
    n / (1 + (n − 1) · alike) independent ones do (Kish, "Survey Sampling", 1965, for clusters); unequal
    weights count as (Σw)² / Σw² of them.
    """
    weights = np.maximum([one.quality for one in sights], 1e-3)
    number = weights.sum() ** 2 / (weights**2).sum()
    independent = number / (1 + (number - 1) * alike)
    mean = (weights[:, None] * np.array([one.embedding for one in sights], np.float64)).sum(0) / weights.sum()
    stretch = 1 / np.sqrt(1 - vectors.share + vectors.share / independent)
    return np.asarray(vectors.average + stretch * (mean - vectors.average), np.float32)


def _state(sight: FaceSight) -> list[object]:
    return [sight.timestamp, sight.quality, pack(sight.embedding)]


def _restore(state: Sequence[Any]) -> FaceSight:
    return FaceSight(int(state[0]), float(state[1]), unpack(state[2]))
