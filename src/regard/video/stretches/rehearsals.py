"""Going through a part of a film as if it were the whole, to find what its observers will ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from regard.collections.face_models import FaceModel
from regard.video.following.face_tracks import FaceTracks
from regard.video.following.tracks import Tracker
from regard.video.reading.frame import FrameView
from regard.video.segments.cue_text import text_boxes
from regard.video.segments.cues import TEXT_INTERVAL, CueDetector
from regard.video.stretches.demand import (
    CueSearch,
    FaceRecognition,
    FaceTracking,
    PersonTracking,
    Rehearsal,
)
from regard.vision.findings import PictureFindings
from regard.vision.quality import fit_faces

Find = Callable[[], PictureFindings]
"""The findings of the frame that is shown, made when they are first asked for."""


class Rehearser(Protocol):
    """Is shown the frames that its analysis is due for, in order."""

    def see(self, frame: FrameView, find: Find, *, cut: bool) -> None:
        """`cut`: a new shot has begun since the last frame that it was shown."""
        ...


class _FaceFollower:
    def __init__(self, model: FaceModel) -> None:
        self._model, self._tracks = model, FaceTracks(model)

    def see(self, frame: FrameView, find: Find, *, cut: bool) -> None:
        if cut:
            self._tracks.cut()
        findings = find()
        faces = findings.faces()
        self._tracks.update(
            frame.timestamp,
            faces,
            lambda rows: findings.embeddings(self._model.embedder, [faces[row] for row in rows.tolist()]),
        )
        for number in self._tracks.over():
            self._tracks.forget(number)


class _PersonFollower:
    def __init__(self) -> None:
        self._tracker = Tracker()

    def see(self, frame: FrameView, find: Find, *, cut: bool) -> None:
        if cut:
            self._tracker.cut()
        findings = find()
        found = findings.persons()
        self._tracker.update(frame.timestamp, found.boxes, found.probabilities, findings.person_embeddings)


class _FitFaces:
    def __init__(self, model: FaceModel, limit: int) -> None:
        self._model, self._limit = model, limit

    def see(self, _frame: FrameView, find: Find, *, cut: bool) -> None:  # noqa: ARG002 - nothing is followed
        findings = find()
        findings.embeddings(self._model.embedder, fit_faces(findings.faces(), self._limit))


class _CueSearcher:
    def __init__(self, search: CueSearch) -> None:
        self._detector = CueDetector(
            search.frame_rate, search.duration, threshold=search.threshold, coverage=search.coverage
        )
        self._last = -1

    def see(self, frame: FrameView, find: Find, *, cut: bool) -> None:  # noqa: ARG002 - it tells cuts itself
        boxes = None
        if frame.timestamp // TEXT_INTERVAL > self._last // TEXT_INTERVAL and self._detector.wants_text(
            frame
        ):
            findings = find()
            boxes = text_boxes(findings.text(), findings.image.width, findings.image.height)
        self._detector.add(frame, boxes)
        self._last = frame.timestamp


def rehearser(rehearsal: Rehearsal, models: Mapping[str, FaceModel]) -> Rehearser:
    """Whoever goes through a part for an analysis. `models`: face models by version."""
    match rehearsal:
        case FaceTracking(model):
            return _FaceFollower(models[model])
        case PersonTracking():
            return _PersonFollower()
        case FaceRecognition(model, limit):
            return _FitFaces(models[model], limit)
        case CueSearch():
            return _CueSearcher(rehearsal)
