"""Who is who from frame to frame: ByteTrack by motion, and by appearance when motion is no guide.

As in ByteTrack (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", 2022),
first the sure detections are given to tracks, then tracks that are left take unsure ones. Unlike in it, what
a pair is given for is evidence, log-odds by `motion` and `appearance`, since between samples
at 4 to 10 a second boxes need not overlap; and a track is believed when its detections together are worth it,
a sequential test (Page, "Continuous Inspection Schemes", 1954). Somebody new who resembles somebody lost is
that somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.video.following import appearance, motion
from regard.video.following.appearance import Appearance, Embeddings, cosines
from regard.video.following.assignment import assign
from regard.video.following.motion import Floats, Motion, MotionModel
from regard.vision.geometry import share_covered
from regard.vision.same_person import AppearanceModel

Ids = NDArray[np.intp]
Take = Callable[[Ids], Embeddings]  # embeddings (K, D), unit length, of these K rows of the detections


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What a tracker goes by. Scores are probabilities, 0 to 1; times in ms.

    `sure`: the score from which a detection can begin a track; `min_score`: below that it is ignored.
    `doubt`: what every update takes from a new track's evidence, the sum of its scores, and `enough` what it
    needs to be believed. `pair`, `unsure_pair`: the evidence needed for giving a detection to a track.
    `hidden`: how long motion is a guide for somebody who isn't seen; `recent`: how long for unsure
    detections. `away`: how long, and `gallery` how many, lost ones are known again by their appearance.
    `clear`: by how much more evidence than any rival a pair is without doubt; `refresh`: how often the
    embedding of one who is followed without doubt is taken. `crowding`: the share of a box that
    others cover from which its embedding isn't trusted.
    """

    motion: MotionModel
    appearance: AppearanceModel
    sure: float = 0.4
    min_score: float = 0.15
    doubt: float = 0.25
    enough: float = 0.6
    pair: float = 0.0
    unsure_pair: float = -1.0
    hidden: int = 2_500
    recent: int = 1_000
    away: int = 120_000
    gallery: int = 200
    clear: float = 6.0
    refresh: int = 800
    crowding: float = 0.4


PERSONS = TrackerSettings(motion.PERSONS, appearance.PERSONS)


def face_settings(appearance: AppearanceModel) -> TrackerSettings:
    """What faces are followed by, whose embeddings' evidence is `appearance`."""
    return TrackerSettings(motion.FACES, appearance, sure=0.6, min_score=0.3, enough=0.8)


@dataclass(frozen=True, slots=True)
class Named:
    """An earlier detection, `row` of the update at `timestamp`, that was −1 then and is `id` now."""

    timestamp: int
    row: int
    id: int


@dataclass(slots=True)
class _FollowedTrack:
    """`id` −1: not believed yet, with `evidence` so far and its detections, timestamp and row, `sights`."""

    id: int
    seen: int
    appearance: Appearance | None
    evidence: float = 0.0
    sights: list[tuple[int, int]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        appearance = self.appearance and self.appearance.state()
        sights = [list(sight) for sight in self.sights]
        return {
            "id": self.id,
            "seen": self.seen,
            "appearance": appearance,
            "evidence": self.evidence,
            "sights": sights,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> _FollowedTrack:
        appearance = state["appearance"] and Appearance.restore(state["appearance"])
        sights = [(int(timestamp), int(row)) for timestamp, row in state["sights"]]
        return cls(int(state["id"]), int(state["seen"]), appearance, float(state["evidence"]), sights)


class _DetectionEmbeddings:
    """The embeddings of one update's detections, taken when they are needed, all that are in one go."""

    def __init__(self, features: Embeddings | Take | None, count: int) -> None:
        self._take = _picker(features) if isinstance(features, np.ndarray) else features
        self.rows: list[Embeddings | None] = [None] * count

    def want(self, rows: Sequence[int]) -> None:
        missing = [row for row in rows if self.rows[row] is None]
        if self._take is not None and missing:
            embeddings = self._take(np.array(missing, np.intp))
            for row, embedding in zip(missing, embeddings, strict=True):
                self.rows[row] = np.asarray(embedding, np.float32)


def _picker(features: Embeddings) -> Take:
    return lambda rows: features[rows]


class Tracker:
    """Tracks of persons, or of faces, in one video. Ids are 0, 1, 2, … in order of appearance."""

    def __init__(self, settings: TrackerSettings = PERSONS) -> None:
        self._settings = settings
        self._now: int | None = None
        self._tracks: list[_FollowedTrack] = []  # seen lately; row by row what `_motion` moves
        self._motion = Motion.of(np.zeros((0, 4)), settings.motion)
        self._away: list[_FollowedTrack] = []  # the longest lost first
        self._next = 0
        self.named: tuple[Named, ...] = ()

    def update(
        self, timestamp: int, boxes: Floats, scores: Floats, features: Embeddings | Take | None = None
    ) -> Ids:
        """The ids (N,) of detections; −1 for what belongs to no track, or to one that isn't believed yet.

        `timestamp`: ms, later than the last. `boxes` (N, 4): left, top, right, bottom, px. `scores` (N,):
        probabilities, 0 to 1; the unsure ones too, they keep tracks alive. `features` (N, D), unit length, or
        a function that gives those of some rows, which is asked only for what is needed. After it, `named`
        has the earlier detections of tracks that this update has come to believe.

        The time it takes grows with tracks times detections; what it keeps is bounded by the settings.
        Raises ValueError for times that don't rise and arrays that don't fit.
        """
        boxes, scores = _checked(boxes, scores)
        embeddings = _DetectionEmbeddings(features, len(boxes))
        self._advance(timestamp)
        ids = np.full(len(boxes), -1, np.intp)
        sure = np.flatnonzero(scores >= self._settings.sure)
        unsure = np.flatnonzero((scores >= self._settings.min_score) & (scores < self._settings.sure))
        trusted = _uncrowded(boxes, sure, self._settings.crowding)

        taken = self._pair_sure(boxes, sure, embeddings, timestamp)
        known = {track for track, _ in taken}
        left = [
            n
            for n, track in enumerate(self._tracks)
            if track.id >= 0 and n not in known and timestamp - track.seen <= self._settings.recent
        ]
        taken += self._pair(boxes, left, unsure, self._settings.unsure_pair)
        held = {row for _, row in taken}
        free = np.array([row for row in sure.tolist() if row not in held], np.intp)
        new = [n for n, track in enumerate(self._tracks) if track.id < 0]
        begun = self._pair(boxes, new, free, self._settings.pair)
        self._correct(taken + begun, boxes, scores, embeddings, trusted, timestamp)
        for track, row in taken:
            ids[row] = self._tracks[track].id
        self._doubt({track for track, _ in begun})
        held = {row for _, row in begun}
        self._begin([row for row in free.tolist() if row not in held], boxes, scores, embeddings, timestamp)
        self._believe(timestamp, ids)
        self._forget(timestamp)
        return ids

    def cut(self) -> None:
        """A new shot begins with the next update: nobody is where they were; appearance alone tells who is
        who."""
        self._leave([n for n, track in enumerate(self._tracks) if track.id >= 0])
        self._keep([])

    @property
    def known(self) -> frozenset[int]:
        """The ids that may be given again: who is there, and who is lost and still remembered."""
        return frozenset(track.id for track in (*self._tracks, *self._away) if track.id >= 0)

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON; `restore` goes on as if it had never stopped."""
        return {
            "now": self._now,
            "next": self._next,
            "tracks": [track.state() for track in self._tracks],
            "away": [track.state() for track in self._away],
            "motion": [
                values.tolist() for values in (self._motion.places, self._motion.speeds, self._motion.spreads)
            ],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], settings: TrackerSettings = PERSONS) -> Tracker:
        tracker = cls(settings)
        tracker._now, tracker._next = state["now"], state["next"]
        tracker._tracks = [_FollowedTrack.restore(track) for track in state["tracks"]]
        tracker._away = [_FollowedTrack.restore(track) for track in state["away"]]
        places, speeds, spreads = (np.array(values, np.float64) for values in state["motion"])
        tracker._motion = Motion(places.reshape(-1, 4), speeds.reshape(-1, 4), spreads.reshape(-1, 4, 3))
        return tracker

    def _advance(self, timestamp: int) -> None:
        if self._now is not None and timestamp <= self._now:
            raise ValueError(f"the time {timestamp} ms is not later than {self._now} ms")
        seconds = 0.0 if self._now is None else (timestamp - self._now) / 1000
        self._now, self.named = timestamp, ()
        gone = [
            n
            for n, track in enumerate(self._tracks)
            if track.id >= 0 and timestamp - track.seen > self._settings.hidden
        ]
        self._leave(gone)
        self._keep([n for n in range(len(self._tracks)) if n not in set(gone)])
        self._motion = self._motion.predicted(seconds, self._settings.motion)

    def _pair_sure(
        self, boxes: Floats, sure: Ids, embeddings: _DetectionEmbeddings, timestamp: int
    ) -> list[tuple[int, int]]:
        """Believed tracks and the sure detections that are theirs, by motion and, where that may matter,
        appearance.
        """
        settings = self._settings
        rows = np.array([n for n, track in enumerate(self._tracks) if track.id >= 0], np.intp)
        evidence = self._motion.take(rows).evidence(boxes[sure], settings.motion)
        seen = np.array([self._tracks[row].seen for row in rows.tolist()], np.int64)
        known = [self._tracks[row].appearance for row in rows.tolist()]
        # Nobody else is near, and it was here a moment ago.
        plain = (evidence >= settings.pair) & (evidence - _best_rival(evidence) >= settings.clear)
        plain &= (seen == seen.max(initial=-1))[:, None]
        taken = np.array([one.taken if one else -settings.refresh for one in known], np.int64)
        stale = timestamp - taken >= settings.refresh
        needless = (plain & ~stale[:, None]).any(0)
        embeddings.want(sure[~needless].tolist())
        alike = cosines(known, [embeddings.rows[row] for row in sure.tolist()])
        total = evidence + np.nan_to_num(settings.appearance.evidence(alike))
        return [(int(rows[row]), int(sure[column])) for row, column in assign(total, settings.pair)]

    def _pair(
        self, boxes: Floats, tracks: Sequence[int], rows: Ids, min_evidence: float
    ) -> list[tuple[int, int]]:
        """These tracks and these detections by motion alone."""
        index = np.array(tracks, np.intp)
        evidence = self._motion.take(index).evidence(boxes[rows], self._settings.motion)
        return [(int(index[row]), int(rows[column])) for row, column in assign(evidence, min_evidence)]

    def _correct(
        self,
        pairs: Sequence[tuple[int, int]],
        boxes: Floats,
        scores: Floats,
        embeddings: _DetectionEmbeddings,
        trusted: set[int],
        timestamp: int,
    ) -> None:
        if not pairs:
            return
        tracks, rows = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
        doubt = np.where(scores[rows] < self._settings.sure, 1.5, 1.0)
        moved = self._motion.take(tracks).corrected(boxes[rows], doubt, self._settings.motion)
        self._motion = self._motion.put(tracks, moved)
        for number, row in pairs:
            track, embedding = self._tracks[number], embeddings.rows[row]
            track.seen = timestamp
            if track.id < 0:
                track.evidence += float(scores[row])
                track.sights.append((timestamp, row))
            if embedding is not None and row in trusted:
                track.appearance = (
                    track.appearance.with_embedding(embedding, timestamp)
                    if track.appearance
                    else Appearance(embedding, 1, timestamp)
                )

    def _doubt(self, seen: set[int]) -> None:
        """Every update costs new tracks evidence; those with none left are gone."""
        for track in self._tracks:
            if track.id < 0:
                track.evidence -= self._settings.doubt
        self._keep(
            [n for n, track in enumerate(self._tracks) if track.id >= 0 or n in seen or track.evidence > 0]
        )

    def _begin(
        self,
        rows: Sequence[int],
        boxes: Floats,
        scores: Floats,
        embeddings: _DetectionEmbeddings,
        timestamp: int,
    ) -> None:
        embeddings.want(rows)
        for row in rows:
            embedding = embeddings.rows[row]
            appearance = None if embedding is None else Appearance(embedding, 1, timestamp)
            evidence = float(scores[row]) - self._settings.doubt
            self._tracks.append(_FollowedTrack(-1, timestamp, appearance, evidence, [(timestamp, row)]))
        self._motion = self._motion.joined(Motion.of(boxes[list(rows)], self._settings.motion))

    def _believe(self, timestamp: int, ids: Ids) -> None:
        """New tracks with enough evidence get an id: that of a lost one whom they resemble, or the next."""
        sure = [
            n
            for n, track in enumerate(self._tracks)
            if track.id < 0 and len(track.sights) > 1 and track.evidence >= self._settings.enough
        ]
        lost = self._away + [track for track in self._tracks if track.id >= 0 and track.seen < timestamp]
        known = dict(self._known_again([self._tracks[n] for n in sure], lost))
        named, gone = [], set()
        for place, number in enumerate(sure):
            track = self._tracks[number]
            if place in known:
                former = lost[known[place]]
                track.id = former.id
                track.appearance = (
                    former.appearance.merged(track.appearance)
                    if former.appearance and track.appearance
                    else track.appearance
                )
                gone.add(id(former))
            else:
                track.id, self._next = self._next, self._next + 1
            for seen, row in track.sights:
                if seen == timestamp:
                    ids[row] = track.id
                else:
                    named.append(Named(seen, row, track.id))
            track.sights = []
        self.named = tuple(named)
        if gone:
            self._away = [track for track in self._away if id(track) not in gone]
            self._keep([n for n, track in enumerate(self._tracks) if id(track) not in gone])

    def _known_again(
        self, new: Sequence[_FollowedTrack], lost: Sequence[_FollowedTrack]
    ) -> list[tuple[int, int]]:
        """Pairs of new and lost tracks that seem to be one."""
        model = self._settings.appearance
        means = [None if track.appearance is None else track.appearance.mean for track in new]
        alike = cosines([track.appearance for track in lost], means)
        evidence = np.nan_to_num(model.evidence(alike.T), nan=-np.inf)
        return assign(evidence, model.known_again)

    def _leave(self, rows: Sequence[int]) -> None:
        """These tracks are remembered by their appearance alone."""
        self._away += [self._tracks[row] for row in rows if self._tracks[row].appearance is not None]

    def _forget(self, timestamp: int) -> None:
        since = timestamp - self._settings.away
        self._away = [track for track in self._away if track.seen >= since][-self._settings.gallery :]

    def _keep(self, rows: Sequence[int]) -> None:
        self._tracks = [self._tracks[row] for row in rows]
        self._motion = self._motion.take(np.array(rows, np.intp))


def _best_rival(evidence: Floats) -> Floats:
    """(N, M): for each pair, the highest evidence of another pair that has its row or its column."""
    rival = np.full(evidence.shape, -np.inf)
    for side in (0, 1):
        if evidence.shape[side] > 1:
            second, first = np.moveaxis(np.partition(evidence, -2, side), side, 0)[-2:]
            best, other = np.expand_dims(first, side), np.expand_dims(second, side)
            rival = np.maximum(rival, np.where(evidence == best, other, best))
    return rival


def _checked(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    boxes, scores = np.asarray(boxes, np.float64).reshape(-1, 4), np.asarray(scores, np.float64)
    if scores.shape != (len(boxes),):
        raise ValueError(f"{len(boxes)} boxes need as many scores, not {scores.shape}")
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise ValueError("boxes and scores have to be finite")
    return boxes, scores


def _uncrowded(boxes: Floats, rows: Ids, max_covered: float) -> set[int]:
    """Those of `rows` whose box is covered by no other of them to more than `max_covered`."""
    chosen = boxes[rows]
    covered = share_covered(chosen, by=chosen)
    np.fill_diagonal(covered, 0)
    return set(rows[covered.max(1, initial=0) <= max_covered].tolist())
