"""The faces of a live source: who is followed, and when each is searched for.

Stored video is searched once a track is over; here everybody is searched for at first sight, since somebody
waits for the answer, and again as better sights come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModel
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
        self._embedder = model.embedder
        self._search = search
        self._searched: dict[int, _Searched[M]] = {}  # by track
        self._unnamed: dict[tuple[int, int], tuple[Box, _Searched[M]]] = {}  # by time and row
        self._numbers = count()
        self._places: dict[int, FollowedPlace] = {}  # by track
        self._doubtful: tuple[FollowedPlace, ...] = ()  # of no track yet, in the last picture
        self.searches = 0
        """How many searches there were."""
        self.tracks = 0
        """How many tracks there were."""

    def places(self, at: int) -> list[Box]:
        """Where faces are followed at a time, ms: those are examined whether or not anything moves."""
        self._places = {n: one for n, one in self._places.items() if at - one.at <= _HIDDEN}
        doubtful = [one.box for one in self._doubtful if at - one.at <= _HIDDEN]
        return [*(one.box for one in self._places.values()), *doubtful]

    @property
    def persons(self) -> set[int]:
        """Those who are followed, or may be again."""
        unnamed = (one.person for _, one in self._unnamed.values())
        return {*(one.person for one in self._searched.values()), *unnamed}

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
            found = self._unnamed.pop((named.timestamp, named.row), None)
            if found is not None:
                self._searched.setdefault(named.id, found[1])
            else:
                self._begin(named.id, named.timestamp)
        for number in ids:
            if number >= 0:
                self._begin(number, at)
        self.tracks = max([self.tracks, *(number + 1 for number in ids)])

    def _begin(self, number: int, first: int) -> None:
        """Takes a track up that nothing is known of, first seen then, ms."""
        if number not in self._searched:
            self._searched[number] = _Searched(0, first - _BETWEEN, (), (), first, next(self._numbers))

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
        """A face of no track: it is searched for by what is seen of it now, unless it just was."""
        earlier = self._just_searched(at, face)
        if earlier is not None:
            self._unnamed[at, row] = face.box, earlier
            return FollowedFace(face, -1, earlier.matches, False, earlier.first, earlier.person)
        if quality_of(face) < _MIN_QUALITY:
            return FollowedFace(face, -1, (), False, at, -1)
        matches, person = self._find(embed(np.array([row], np.intp))[0]), next(self._numbers)
        self._unnamed[at, row] = face.box, _Searched(1, at, (at,), matches, at, person)
        return FollowedFace(face, -1, matches, True, at, person)

    def _just_searched(self, at: int, face: Face) -> _Searched[M] | None:
        recent = [one for (then, _), one in self._unnamed.items() if 0 < at - then <= _BETWEEN]
        if not recent:
            return None
        shares = iou(corners([face.box]), corners([box for box, _ in recent]))[0]
        best = int(shares.argmax())
        return recent[best][1] if shares[best] > _SAME else None

    def _find(self, probe: NDArray[np.float32]) -> tuple[M, ...]:
        self.searches += 1
        return tuple(self._search(probe))

    def _forget(self, at: int) -> None:
        self._unnamed = {key: one for key, one in self._unnamed.items() if at - key[0] <= 4_000}
        for number in self._tracks.over():
            self._tracks.forget(number)
            self._searched.pop(number, None)
