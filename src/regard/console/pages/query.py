"""`/console/query`: who is it? A picture, from a telephone too; one face of it; a search on a case."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.console.heif import is_heif
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.probes import SENT_SIDE, FaceBox, cut_probe, jpeg, overview, upright_picture
from regard.console.visit import PageVisit
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceNotFoundException,
    ValidationException,
)

ROLES: Final = frozenset({"investigator"})
QUERY: Final = "/console/query"
_READ: Final = 1000
_SHOWN: Final = 12  # faces of a picture, the largest
_CANDIDATES: Final = 10
_REVIEWED: Final = frozenset({"law-enforcement", "missing-person"})
_PURPOSE: Final = "regard:purpose"
# What QualityFilter MEDIUM asks for, which the search is made with: side (px), degrees, sharpness.
_MIN_SIDE: Final = 40
_MAX_TURN: Final = 55
_MIN_SHARPNESS: Final = 20


@dataclass(frozen=True, slots=True)
class ProbeFace:
    """A face of the picture. `refusal` says why it can't be searched for, `probe` is its cut-out, base64."""

    number: int
    where: str
    side: int
    probe: str
    refusal: str | None


def _show(visit: PageVisit) -> PageAnswer:
    return _query(visit)


def _query(visit: PageVisit, refusal: str | None = None, *, is_nobody: bool = False) -> PageAnswer:
    """The first step: the case and the picture."""
    _check_rules(visit)
    cases = _cases(visit)
    values = {
        "cases": cases,
        "chosen": visit.form.get("case") or visit.query.get("case", ""),
        "refusal": refusal,
        "is_nobody": is_nobody,
    }
    data = {"Cases": [value for value, _ in cases], "Found": False if is_nobody else None}
    return PageView("query.html", values, data, 200 if refusal is None else 422)


def _check_rules(visit: PageVisit) -> None:
    """Raises AccessDeniedException where the rules in force forbid searches from telephones."""
    if json.loads(visit.call("get_rules")["Rules"]).get("mobile") is False:
        raise AccessDeniedException(
            visit.say("The rules here (mobile) allow no search from this page; search at the command line.")
        )


def _cases(visit: PageVisit) -> Sequence[tuple[str, str]]:
    """The open cases that the visitor works on, the newest first, to choose from."""
    person = visit.person
    found = list(visit.every("list_cases", "Cases"))
    return [
        (one["CaseId"], f"{one['CaseId']} · {one['Reference']}")
        for one in reversed(found)
        if "Closed" not in one and person is not None and person.person_id in one["Members"]
    ]


def _find_faces(visit: PageVisit) -> PageAnswer:
    """The second step: every face of the picture, of which one is meant."""
    _check_rules(visit)
    sent = visit.form.file("picture")
    if sent is None:
        return _query(visit, visit.say("Choose a picture."))
    refusal = visit.say("This is no JPEG or PNG picture, or it is too large; choose another.")
    if is_heif(sent.content):
        refusal = visit.say(
            "This is an HEIC picture, and this browser did not make a JPEG of it. Don't send the original, "
            "take the picture from this page, or save it as JPEG (on an iPhone: Settings, Camera, Formats, "
            "Most Compatible)."
        )
    try:
        whole = upright_picture(sent.content, refusal, side=None if visit.form.get("original") else SENT_SIDE)
        small = whole if max(whole.size) <= SENT_SIDE else upright_picture(sent.content, refusal)
        details = visit.call("detect_faces", Image={"Bytes": jpeg(small)})["FaceDetails"]
    except (InvalidParameterException, ValidationException) as error:
        return _query(visit, error.message)
    if not details:
        return _query(visit, visit.say("There is no face in this picture."))
    details = sorted(details, key=lambda one: -one["BoundingBox"]["Width"])
    boxes = [_box(one, whole.size) for one in details]
    faces = [
        ProbeFace(
            number=number,
            where=_where(visit, box, whole.width),
            side=round(box.side),
            probe=_written(cut_probe(whole, box, [other for other in boxes if other is not box])),
            refusal=_flaw(visit, detail, box),
        )
        for number, (detail, box) in enumerate(list(zip(details, boxes, strict=True))[:_SHOWN], 1)
    ]
    values = {
        "case": visit.form.get("case"),
        "faces": faces,
        "left_out": len(details) - len(faces),
        "overview": _written(overview(whole, boxes[:_SHOWN])),
        "collections": visit.call("list_collections", MaxResults=_READ)["CollectionIds"],
        "is_scaled": not visit.form.get("original"),
    }
    return PageView("query_faces.html", values, {"FaceDetails": details})


def _box(detail: Mapping[str, Any], size: tuple[int, int]) -> FaceBox:
    box = detail["BoundingBox"]
    width, height = size
    return FaceBox(
        left=box["Left"] * width,
        top=box["Top"] * height,
        width=box["Width"] * width,
        height=box["Height"] * height,
    )


def _where(visit: PageVisit, face: FaceBox, width: int) -> str:
    """Where a face is, for who doesn't see the picture."""
    middle = (face.left + face.width / 2) / width
    if middle < 1 / 3:
        return visit.say("on the left")
    return visit.say("on the right") if middle > 2 / 3 else visit.say("in the middle")


def _flaw(visit: PageVisit, detail: Mapping[str, Any], face: FaceBox) -> str | None:
    """Why a face can't be searched for, in one sentence; None where it can."""
    if face.side < _MIN_SIDE:
        return visit.say("It is too small: come nearer, or send the original.")
    if max(abs(detail["Pose"]["Yaw"]), abs(detail["Pose"]["Pitch"])) > _MAX_TURN:
        return visit.say("It is turned away too far: take a picture from the front.")
    if detail["Quality"]["Sharpness"] < _MIN_SHARPNESS:
        return visit.say("It is blurred: hold still, and take another picture.")
    return None


def _search(visit: PageVisit) -> PageAnswer:
    """The third step: the face that was meant, and no other, is searched for on the case."""
    _check_rules(visit)
    form = visit.form
    case, collection = form.get("case"), form.get("collection")
    try:
        probe = base64.b64decode(form.get(f"probe-{form.get('face')}"), validate=True)
    except (binascii.Error, ValueError):
        probe = b""
    if not probe or not case or not collection:
        return _query(visit, visit.say("Choose a case, a picture, a face of it and a collection."))
    if not _is_reviewed(visit, collection):
        return _query(visit, visit.say("Nobody reviews searches of that collection; choose one for cases."))
    try:
        released = visit.release(
            "search_faces_by_image",
            case=case,
            CollectionId=collection,
            Image={"Bytes": probe},
            MaxFaces=_CANDIDATES,
            QualityFilter="MEDIUM",
        )
    except (InvalidParameterException, ValidationException) as error:
        return _query(visit, error.message)
    review = released.headers.get("x-regard-review", "").partition(";")[0]
    return Redirect(f"/console/reviews/{review}") if review else _query(visit, is_nobody=True)


def _is_reviewed(visit: PageVisit, collection: str) -> bool:
    """Whether whom a search of the collection finds is compared by people, before anybody is named."""
    if visit.call("get_rules")["SitePurpose"] in _REVIEWED:
        return True
    try:
        described = visit.call("describe_collection", CollectionId=collection)
    except ResourceNotFoundException:
        return False
    tags = visit.call("list_tags_for_resource", ResourceArn=described["CollectionARN"])["Tags"]
    return tags.get(_PURPOSE) in _REVIEWED


def _written(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


PAGES: Final[Sequence[Page]] = (
    Page(
        path=QUERY,
        show=_show,
        acts={"faces": _find_faces, "search": _search},
        roles=ROLES,
        title="Who is it?",
        menu=True,
        takes_pictures=True,
    ),
)
