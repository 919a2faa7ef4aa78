"""`/console/galleries`: collections made, filled by pictures, looked through, erased."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from regard.console.drawn import drawn_picture
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit
from regard.errors import ServiceError, ValidationException
from regard.governance.purpose import PURPOSES
from regard.presentation.pictures.faces import match_marks

_PATH: Final = "/console/galleries"
_PAGE: Final = 50
_MAX_FACES: Final = 100
_SHOWN: Final = 10  # matches
_SIDE: Final = 960  # px of the longer side of the picture that was searched with
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_.\-:]+")  # what an ExternalImageId can't have
_REASONS: Final[Mapping[str, str]] = {
    "EXCEEDS_MAX_FACES": msgid("more faces than were asked for"),
    "EXTREME_POSE": msgid("turned too far"),
    "LOW_BRIGHTNESS": msgid("too dark"),
    "LOW_CONFIDENCE": msgid("hardly a face"),
    "LOW_FACE_QUALITY": msgid("not good enough to be told apart"),
    "LOW_SHARPNESS": msgid("blurred"),
    "SMALL_BOUNDING_BOX": msgid("too small"),
}


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_collections", MaxResults=_PAGE, NextToken=visit.query.get("token"))
    values = {
        "collections": answer["CollectionIds"],
        "token": answer.get("NextToken"),
        "purposes": [(one, one) for one in PURPOSES],
    }
    return PageView("galleries.html", values, visit.written("list_collections", answer))


def _make(visit: PageVisit) -> PageAnswer:
    name = visit.form.get("name")
    visit.call("create_collection", CollectionId=name, Tags={"regard:purpose": visit.form.get("purpose")})
    return Redirect(_address(name))


def _show(visit: PageVisit) -> PageAnswer:
    name = visit.path["name"]
    about = visit.call("describe_collection", CollectionId=name)
    tags = visit.call("list_tags_for_resource", ResourceArn=about["CollectionARN"])["Tags"]
    faces = visit.call("list_faces", CollectionId=name, MaxResults=_PAGE, NextToken=visit.query.get("token"))
    values = {
        "name": name,
        "about": about,
        "tags": tags,
        "faces": faces["Faces"],
        "token": faces.get("NextToken"),
        "path": _address(name),
    }
    data = {**visit.written("describe_collection", about), **visit.written("list_faces", faces), "Tags": tags}
    return PageView("gallery.html", values, data)


def _upload(visit: PageVisit) -> PageAnswer:
    """Enrols the faces of one picture. A program is told in JSON what came of it, a person on a page."""
    name, picture = visit.path["name"], visit.form.file("picture")
    if picture is None:
        raise ValidationException(visit.say("Choose a picture, a JPEG or PNG."))
    external = visit.form.get("external") or _FOREIGN.sub("_", picture.name.rpartition(".")[0])[:255]
    try:
        answer = visit.call(
            "index_faces",
            CollectionId=name,
            Image={"Bytes": picture.content},
            ExternalImageId=external or None,
            MaxFaces=1 if visit.form.get("largest") else _MAX_FACES,
            QualityFilter="AUTO",
        )
    except ServiceError as error:
        row = {"File": picture.name, "Enrolled": 0, "Told": error.message, "Refused": True}
    else:
        row = {"File": picture.name, "Enrolled": len(answer["FaceRecords"]), "Told": _told(visit, answer)}
    values = {"name": name, "row": row, "path": _address(name)}
    return PageView("gallery_enrolled.html", values, row, 422 if row.get("Refused") else 200)


def _told(visit: PageVisit, answer: Mapping[str, Any]) -> str:
    """What came of a picture, in a sentence."""
    enrolled, left = len(answer["FaceRecords"]), answer.get("UnindexedFaces", [])
    if not enrolled and not left:
        return visit.say("No face was found.")
    reasons = {reason for one in left for reason in one["Reasons"]}
    words = ", ".join(sorted(visit.say(_REASONS[reason]) for reason in reasons if reason in _REASONS))
    if not left:
        return visit.texts.ngettext("%(num)d face enrolled.", "%(num)d faces enrolled.", enrolled) % {
            "num": enrolled
        }
    return visit.say(
        "Enrolled: %(enrolled)s; left out: %(left)s (%(why)s).", enrolled=enrolled, left=len(left), why=words
    )


def _search(visit: PageVisit) -> PageAnswer:
    """Who in the gallery resembles a picture's largest face. Under strict purposes `/console/query` asks."""
    name, picture = visit.path["name"], visit.form.file("picture")
    if picture is None:
        raise ValidationException(visit.say("Choose a picture, a JPEG or PNG."))
    answer = visit.call(
        "search_faces_by_image", CollectionId=name, Image={"Bytes": picture.content}, MaxFaces=_SHOWN
    )
    values = {
        "name": name,
        "path": _address(name),
        "matches": answer["FaceMatches"],
        **drawn_picture(picture.content, match_marks(answer), side=_SIDE),
    }
    data = visit.written("search_faces_by_image", answer)
    return PageView("gallery_found.html", values, data, has_pictures_within=True)


def _ask(visit: PageVisit) -> PageAnswer:
    """Shows what would go, before it goes."""
    name, chosen = visit.path["name"], visit.form.all("face")
    if not chosen:
        raise ValidationException(visit.say("Choose the faces to erase."))
    faces = visit.call("list_faces", CollectionId=name, FaceIds=chosen, MaxResults=len(chosen))["Faces"]
    values = {"name": name, "faces": faces, "path": _address(name), "is_whole": False}
    return PageView("gallery_erasing.html", values, {"FaceIds": [face["FaceId"] for face in faces]})


def _erase(visit: PageVisit) -> PageAnswer:
    name = visit.path["name"]
    visit.call("delete_faces", CollectionId=name, FaceIds=visit.form.all("face"))
    return Redirect(_address(name))


def _ask_whole(visit: PageVisit) -> PageAnswer:
    name = visit.path["name"]
    about = visit.call("describe_collection", CollectionId=name)
    values = {"name": name, "faces": [], "about": about, "path": _address(name), "is_whole": True}
    return PageView("gallery_erasing.html", values, visit.written("describe_collection", about))


def _erase_whole(visit: PageVisit) -> PageAnswer:
    name = visit.path["name"]
    if visit.form.get("typed") != name:
        raise ValidationException(visit.say("Type the gallery's name to erase it."))
    visit.call("delete_collection", CollectionId=name)
    return Redirect(_PATH)


def _address(name: str) -> str:
    return f"{_PATH}/{quote(name, safe='')}"


_OPERATOR: Final = frozenset({"operator", "admin"})

PAGES: Final[Sequence[Page]] = (
    Page(path=_PATH, show=_list, acts={"make": _make}, roles=_OPERATOR, title=msgid("Galleries"), menu=True),
    Page(
        path=_PATH + "/{name}",
        show=_show,
        acts={
            "upload": _upload,
            "search": _search,
            "ask": _ask,
            "erase": _erase,
            "ask-whole": _ask_whole,
            "erase-whole": _erase_whole,
        },
        roles=_OPERATOR,
        guarded=frozenset({"ask", "erase", "ask-whole", "erase-whole"}),
        takes_pictures=True,
    ),
)
