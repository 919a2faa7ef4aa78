"""The faces of a live source: who is followed, and when each is searched for.

Stored video is searched once a track is over; here everybody is searched for at first sight, since somebody
waits for the answer, and again as better sights come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModel
from regard.video.following.appearance import Embeddings
from regard.video.following.face_tracks import FaceTracks, quality_of
from regard.video.following.tracks import Tracker, face_settings
from regard.video.live.face_finding import LiveFindings
from regard.vision.faces import Face
from regard.vision.geometry import Box, corners, iou

M = TypeVar("M")  # what a search finds: of whatever kind the caller's matches are

MAX_SEARCHES = 6
"""How often a face that passes is searched for."""

_MIN_QUALITY = 0.3  # of a single sight that is searched for, as `quality_of` measures it
_SURE = 60.0  # percent, of a find that can begin a track, as the tracker's settings have it
_BETWEEN = 500  # ms between two searches for one face
_SAME = 0.3  # IoU from which two sights that belong to no track yet are of one face
_HIDDEN = 2_500  # ms for which the place of a face that isn't seen is examined


@dataclass(frozen=True, eq=False, slots=True)
class FollowedFace(Generic[M]):
    """A face of one picture. `track` is −1 where it may be none; `matches` are what the last search for it
    found, and `is_searched` whether it was searched for in this very picture. `first` is when it was first
    seen, ms. `person` is the same in all pictures of a face that is followed, before it is a track too; −1
    where it was never searched for.
    """

    face: Face
    track: int
    matches: tuple[M, ...]
    is_searched: bool
    first: int
    person: int


@dataclass(frozen=True, eq=False, slots=True)
class _Searched(Generic[M]):
    """The searches for one face so far: how many, when the last was, ms, by the sights of which times, and
    what it found. `first` is when the face was first seen, ms, and `person` its number.
    """

    count: int
    last: int
    sights: tuple[int, ...]
    matches: tuple[M, ...]
    first: int
    person: int


@dataclass(frozen=True, eq=False, slots=True)
class _Untracked(Generic[M]):
    """A sight of a face that was no track then: where, what was found, and its embedding (D,), oriented."""

    box: Box
    searched: _Searched[M]
    embedding: Embeddings


@dataclass(frozen=True, slots=True)
class FollowedPlace:
    """Where a face was last seen, and when, ms."""

    at: int
    box: Box


class FollowedFaces(Generic[M]):
    """The faces of one source, by one face model.

    `search` takes an embedding (D,) and gives what it resembles, the most alike first. `remembers`: whether
    somebody who was away for up to two minutes is known again; else a track is forgotten when it ends.
    Embeddings are in memory only.
    """

    def __init__(
        self,
        model: FaceModel,
        search: Callable[[NDArray[np.float32]], Sequence[M]],
        *,
        remembers: bool = True,
    ) -> None:
        settings = face_settings(model.appearance)
        tracker = Tracker(settings if remembers else replace(settings, away=0))
        self._tracks = FaceTracks(model, tracker=tracker)
        self._appearance = model.appearance
        self._embedder = model.embedder
        self._search = search
        self._searched: dict[int, _Searched[M]] = {}  # by track
        self._untracked: dict[tuple[int, int], _Untracked[M]] = {}  # by time and row
        self._places: dict[int, FollowedPlace] = {}  # by track
        self._doubtful: tuple[FollowedPlace, ...] = ()  # of no track yet, in the last picture
        self.searches = 0
        """How many searches there were."""
        self.passed = 0
        """How many faces passed: tracks, and those that were gone before they were one."""

    def places(self, at: int) -> list[Box]:
        """Where faces are followed at a time, ms: those are examined whether or not anything moves."""
        self._places = {n: one for n, one in self._places.items() if at - one.at <= _HIDDEN}
        doubtful = [one.box for one in self._doubtful if at - one.at <= _HIDDEN]
        return [*(one.box for one in self._places.values()), *doubtful]

    @property
    def persons(self) -> set[int]:
        """Those who are followed, or may be again."""
        untracked = (one.searched.person for one in self._untracked.values())
        return {*(one.person for one in self._searched.values()), *untracked}

    @property
    def has_undecided(self) -> bool:
        """Whether somebody is there who isn't a track yet: the next picture is wanted soon."""
        return bool(self._doubtful)

    def observe(self, at: int, findings: LiveFindings | None) -> list[FollowedFace[M]]:
        """Who is in the picture at a time, ms, later than the last; None where none was examined.

        Finds that are too unsure to begin a track are left out, unless they are of one.
        """
        faces = () if findings is None else findings.faces

        def embed(rows: NDArray[np.intp]) -> NDArray[np.float32]:
            if findings is None:  # then there are no rows
                return np.zeros((0, self._embedder.dimension), np.float32)
            return findings.embeddings(self._embedder, rows.tolist())

        ids = self._tracks.update(at, faces, embed).tolist()
        self._name(ids, at)
        seen = [
            self._followed(at, row, face, number, embed)
            for row, (face, number) in enumerate(zip(faces, ids, strict=True))
            if number >= 0 or face.confidence >= _SURE
        ]
        self._places |= {one.track: FollowedPlace(at, one.face.box) for one in seen if one.track >= 0}
        if findings is not None:
            self._doubtful = tuple(FollowedPlace(at, one.face.box) for one in seen if one.track < 0)
        self._forget(at)
        return seen

    def _name(self, ids: Sequence[int], at: int) -> None:
        """Searches for faces that had no track yet are those of the track that they have by now."""
        for named in self._tracks.named:
            found = self._untracked.pop((named.timestamp, named.row), None)
            if found is not None:
                self._searched.setdefault(named.id, found.searched)
            else:
                self._begin(named.id, named.timestamp)
        for number in ids:
            if number >= 0:
                self._begin(number, at)

    def _begin(self, number: int, first: int) -> None:
        """Takes a track up that nothing is known of, first seen then, ms."""
        if number not in self._searched:
            self._searched[number] = _Searched(0, first - _BETWEEN, (), (), first, self._new_person())

    def _new_person(self) -> int:
        self.passed += 1
        return self.passed - 1

    def _followed(
        self,
        at: int,
        row: int,
        face: Face,
        number: int,
        embed: Callable[[NDArray[np.intp]], NDArray[np.float32]],
    ) -> FollowedFace[M]:
        if number < 0:
            return self._at_first_sight(at, row, face, embed)
        known = self._searched[number]
        kept = tuple(one.timestamp for one in self._tracks.sights(number))
        is_wanted = kept not in ((), known.sights) and known.count < MAX_SEARCHES
        if not is_wanted or at - known.last < _BETWEEN:
            return FollowedFace(face, number, known.matches, False, known.first, known.person)
        matches = self._find(self._tracks.embedding(number))
        self._searched[number] = _Searched(known.count + 1, at, kept, matches, known.first, known.person)
        return FollowedFace(face, number, matches, True, known.first, known.person)

    def _at_first_sight(
        self, at: int, row: int, face: Face, embed: Callable[[NDArray[np.intp]], NDArray[np.float32]]
    ) -> FollowedFace[M]:
        """A face of no track: it is searched for by what is seen of it now, unless it just was.

        Who crosses the picture in a second or two is never where they are expected, so that they are no
        track: they are known by their appearance from one picture to the next.
        """
        earlier = self._just_searched(at, face)
        if earlier is not None:
            return self._seen_again(at, row, face, earlier)
        if quality_of(face) < _MIN_QUALITY:
            return FollowedFace(face, -1, (), False, at, -1)
        embedding = embed(np.array([row], np.intp))[0]
        earlier = self._seen_elsewhere(at, embedding)
        if earlier is None:
            return self._searched_now(at, row, face, embedding, None)
        known = earlier.searched
        if known.count < MAX_SEARCHES and at - known.last >= _BETWEEN:
            return self._searched_now(at, row, face, embedding, known)
        return self._seen_again(at, row, face, earlier)

    def _seen_again(self, at: int, row: int, face: Face, earlier: _Untracked[M]) -> FollowedFace[M]:
        """A face that is what it was an instant ago, and has the matches of then."""
        known = earlier.searched
        self._untracked[at, row] = replace(earlier, box=face.box)
        return FollowedFace(face, -1, known.matches, False, known.first, known.person)

    def _searched_now(
        self, at: int, row: int, face: Face, embedding: NDArray[np.float32], known: _Searched[M] | None
    ) -> FollowedFace[M]:
        matches = self._find(embedding)
        number, first = (0, at) if known is None else (known.count, known.first)
        person = self._new_person() if known is None else known.person
        searched = _Searched(number + 1, at, (at,), matches, first, person)
        self._untracked[at, row] = _Untracked(face.box, searched, self._tracks.oriented(embedding[None])[0])
        return FollowedFace(face, -1, matches, True, first, person)

    def _just_searched(self, at: int, face: Face) -> _Untracked[M] | None:
        recent = [one for (then, _), one in self._untracked.items() if 0 < at - then <= _BETWEEN]
        if not recent:
            return None
        shares = iou(corners([face.box]), corners([one.box for one in recent]))[0]
        best = int(shares.argmax())
        return recent[best] if shares[best] > _SAME else None

    def _seen_elsewhere(self, at: int, embedding: NDArray[np.float32]) -> _Untracked[M] | None:
        """The newest sight of the same face, wherever it was, of those of the last seconds."""
        recent = [(then, one) for (then, _), one in self._untracked.items() if 0 < at - then <= _HIDDEN]
        if not recent:
            return None
        alike = np.array([one.embedding for _, one in recent]) @ self._tracks.oriented(embedding[None])[0]
        sure = self._appearance.evidence(alike.astype(np.float64)) >= self._appearance.known_again
        same = [one for one, is_same in zip(recent, sure.tolist(), strict=True) if is_same]
        return max(same, key=lambda one: one[0])[1] if same else None

    def _find(self, probe: NDArray[np.float32]) -> tuple[M, ...]:
        self.searches += 1
        return tuple(self._search(probe))

    def _forget(self, at: int) -> None:
        self._untracked = {key: one for key, one in self._untracked.items() if at - key[0] <= 4_000}
        for number in self._tracks.over():
            self._tracks.forget(number)
            self._searched.pop(number, None)
