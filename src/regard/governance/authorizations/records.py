"""An authorization, as the database has it, and the state that follows from it and from the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Ground(StrEnum):
    """The ground of an authorization, named as in the profiles' rules."""

    WARRANT = "warrant"
    COURT_ORDER = "court-order"
    ADMINISTRATIVE_AUTHORITY = "administrative-authority"
    EXIGENCY = "exigency"
    FIRST_IDENTIFICATION = "first-identification"


class Standing(StrEnum):
    """How an authorization stands at a moment."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    EXIGENT = "EXIGENT"
    AWAITING = "AWAITING"
    EXPIRED = "EXPIRED"
    EXTENDED = "EXTENDED"
    REVOKED = "REVOKED"
    REJECTED = "REJECTED"
    LAPSED = "LAPSED"


HOLDING: Final = frozenset({Standing.ACTIVE, Standing.EXIGENT, Standing.AWAITING})
"""The states in which faces may be searched."""
VOID: Final = frozenset({Standing.REJECTED, Standing.LAPSED})
"""The states in which what was found is erased: it should never have been."""

FACTS: Final = ("UNKNOWN_SUSPECT", "FOOTAGE_OF_OFFENCE")
"""What whoever identifies for the first time attests: nobody knows who it is, and the footage shows the
offence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an authorization covers.

    `videos` are `bucket/name`, or the beginning of one and a star. `faces` are FaceIds; none of them means
    every face of the collection. `collection_row` is the collection's row: one that is made anew under the
    same name is another.
    """

    collection_id: str
    collection_row: int
    cameras: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()

    def covers(self, use: Use) -> bool:
        """Whether a use lies within it."""
        if use.collection_row != self.collection_row:
            return False
        if use.camera is not None:
            return use.camera in self.cameras
        return use.video is not None and any(names(pattern, use.video) for pattern in self.videos)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A search in moving pictures: on which case, in which collection, by which camera or in which video.

    `video` is `bucket/name`.
    """

    case_id: str
    collection_row: int | None
    camera: str | None = None
    video: str | None = None

    @property
    def place(self) -> str:
        """What is searched, in words."""
        if self.camera is not None:
            return f"the camera {self.camera}"
        return "this file" if self.video is None else f"the video {self.video}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What an authority issued, as somebody entered it who had it in hand.

    `digest` is its SHA-256, hex; `issued` is in milliseconds since the epoch.
    """

    issuer: str
    number: str
    digest: str
    issued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to search now. Only `faces` may be kept of what is found; None is every face.

    It ends at `until` (milliseconds since the epoch) unless something more is entered; None for no end.
    """

    authorization_id: str
    covert: bool
    faces: frozenset[str] | None
    until: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One authorization; times are milliseconds since the epoch, and people are named by their ids.

    It holds from `begins` to `until`. `grounds` are the facts of an exigency or a first identification.
    `ask_by` and `decide_by` are when the authority must have been asked of an exigency, and have decided;
    `asked` is when that was entered. `extends` and `extended_by` are other authorizations. `lapsed` is when
    somebody first saw that it had lapsed, `erased` when what it produced was gone;
    `erasure_record` is the number of the audit record that says so.
    """

    authorization_id: str
    case_id: str
    purpose: str
    basis: Ground
    scope: Scope
    covert: bool
    grounds: str | None
    attested: tuple[str, ...]
    begins: int
    until: int
    requested: int
    requested_by: str
    ask_by: int | None = None
    decide_by: int | None = None
    asked: int | None = None
    asked_by: str | None = None
    authority: str | None = None
    document: Document | None = None
    approved: int | None = None
    approved_by: str | None = None
    rejected: int | None = None
    revoked: int | None = None
    ended_by: str | None = None
    ended_for: str | None = None
    extends: str | None = None
    extended: int | None = None
    extended_by: str | None = None
    lapsed: int | None = None
    erased: int | None = None
    erasure_record: int | None = None

    def state(self, now: int) -> Standing:
        """How it stands at a moment. What was decided comes before what the clock says."""
        decided = (
            (self.rejected, Standing.REJECTED),
            (self.lapsed, Standing.LAPSED),
            (self.revoked, Standing.REVOKED),
            (self.extended, Standing.EXTENDED),
        )
        for when, state in decided:
            if when is not None:
                return state
        if self.approved is None and self.basis is Ground.EXIGENCY:
            return self._undecided(now)
        if self.approved is None and self.basis is not Ground.FIRST_IDENTIFICATION:
            return Standing.REQUESTED
        if now < self.begins:
            return Standing.APPROVED
        return Standing.ACTIVE if now < self.until else Standing.EXPIRED

    def holds(self, now: int) -> bool:
        """Whether faces may be searched under it at a moment."""
        return self.state(now) in HOLDING and self.begins <= now < self.until

    def grant(self) -> Grant:
        """What it allows while it holds."""
        faces = frozenset(self.scope.faces) or None
        return Grant(
            authorization_id=self.authorization_id, covert=self.covert, faces=faces, until=self._ends()
        )

    def _ends(self) -> int:
        """When searches under it end at the latest, as far as is known now."""
        is_undecided = self.approved is None and self.basis is Ground.EXIGENCY
        deadline = self.ask_by if self.asked is None else self.decide_by
        return self.until if not is_undecided or deadline is None else min(self.until, deadline)

    def _undecided(self, now: int) -> Standing:
        """How an exigency stands that no authority has decided."""
        if self.asked is None:
            return Standing.EXIGENT if self.ask_by is not None and now < self.ask_by else Standing.LAPSED
        return Standing.AWAITING if self.decide_by is not None and now < self.decide_by else Standing.LAPSED


def names(pattern: str, video: str) -> bool:
    return video.startswith(pattern[:-1]) if pattern.endswith("*") else video == pattern
