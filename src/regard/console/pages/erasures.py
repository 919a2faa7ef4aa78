"""`/console/privacy/erasures`: faces that are erased for good, once everything that will go was listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.pages.privacy import PRIVACY, collections
from regard.console.visit import PageVisit
from regard.console.wording import ERASURE_CAUSES
from regard.errors import InvalidParameterException

_SHOWN: Final = 50
_PAGE: Final = 4096
_PAGES: Final = 25
"""How many pages of a collection are read for somebody's faces: 100,000 faces, in a second or two."""


@dataclass(frozen=True, slots=True)
class FacesToGo:
    """Faces that are to be erased. `is_whole` is unset where the collection has more than were read."""

    faces: Sequence[Mapping[str, Any]]
    is_whole: bool = True


def faces_of(
    visit: PageVisit, collection: str, *, person: str = "", user: str = "", ids: Sequence[str] = ()
) -> FacesToGo:
    """The faces of a person, of a user, or of these ids. Raises ServiceError."""
    if user:
        return FacesToGo(
            visit.call("list_faces", CollectionId=collection, UserId=user, MaxResults=_PAGE)["Faces"]
        )
    if ids:
        answer = visit.call("list_faces", CollectionId=collection, FaceIds=list(ids), MaxResults=_PAGE)
        return FacesToGo(answer["Faces"])
    found: list[Mapping[str, Any]] = []
    token: str | None = None
    for _ in range(_PAGES):
        answer = visit.call("list_faces", CollectionId=collection, MaxResults=_PAGE, NextToken=token)
        found += [face for face in answer["Faces"] if face.get("ExternalImageId") == person]
        token = answer.get("NextToken")
        if token is None:
            return FacesToGo(found)
    return FacesToGo(found, is_whole=False)


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose faces are meant: one of a person, a user, or ids."""

    collection: str
    person: str
    user: str
    ids: Sequence[str]

    @classmethod
    def of(cls, visit: PageVisit) -> _Whose | None:
        """As the query says; None where it names nobody. Raises InvalidParameterException for two ways."""
        query = visit.query
        named = cls(
            query.get("collection", "").strip(),
            query.get("person", "").strip(),
            query.get("user", "").strip(),
            query.get("faces", "").split(),
        )
        ways = sum(map(bool, (named.person, named.user, named.ids)))
        if not named.collection and not ways:
            return None
        if not named.collection or ways != 1:
            raise InvalidParameterException(
                visit.say("Name a collection, and one of these: a person, a user, or faces.")
            )
        return named


def _show(visit: PageVisit) -> PageAnswer:
    whose = _Whose.of(visit)
    going = None
    if whose is not None:
        going = faces_of(visit, whose.collection, person=whose.person, user=whose.user, ids=whose.ids)
    answer = visit.call("list_erasures", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
    values = {
        "whose": whose,
        "going": going,
        "erasures": answer["Erasures"],
        "next_token": answer.get("NextToken"),
        "causes": ERASURE_CAUSES,
        "collections": collections(visit),
    }
    return PageView("erasures.html", values, visit.written("list_erasures", answer))


def _erase(visit: PageVisit) -> PageAnswer:
    whose = _Whose.of(visit)
    if whose is None:
        raise InvalidParameterException(visit.say("Say first whose faces are to go."))
    done = visit.call(
        "erase_faces",
        CollectionId=whose.collection,
        ExternalImageId=whose.person or None,
        UserId=whose.user or None,
        FaceIds=list(whose.ids) or None,
        Reason=visit.form.get("reason"),
    )
    return Redirect(f"/receipts/{done['ReceiptId']}")


PAGES: Final[Sequence[Page]] = (
    Page(path="/console/privacy/erasures", show=_show, acts={"erase": _erase}, roles=PRIVACY),
)
