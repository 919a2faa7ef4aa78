"""`/console/try`: drop a picture, see every analysis drawn on it, and copy the lines that do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from regard.console.drawn import drawn_picture
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView
from regard.console.visit import PageVisit
from regard.errors import ResourceNotReadyException, ValidationException
from regard.presentation.pictures.findings import ShownFinding, findings, legend

_SIDE: Final = 1280  # px of the drawn picture's longer side


@dataclass(frozen=True, slots=True)
class PictureAnalysis:
    """An operation on a picture: its key, its name in boto3's lines, and what is asked beside the picture."""

    operation: str
    words: str
    options: Mapping[str, Any] = field(default_factory=dict)
    is_chosen_first: bool = False


_ANALYSES: Final[Sequence[PictureAnalysis]] = (
    PictureAnalysis("detect_faces", msgid("Faces"), {"Attributes": ["ALL"]}, is_chosen_first=True),
    PictureAnalysis(
        "detect_labels",
        msgid("Labels and colours"),
        {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]},
        is_chosen_first=True,
    ),
    PictureAnalysis("detect_text", msgid("Text"), is_chosen_first=True),
    PictureAnalysis("detect_moderation_labels", msgid("Moderation")),
    PictureAnalysis("detect_protective_equipment", msgid("Protective equipment")),
    PictureAnalysis("recognize_celebrities", msgid("Celebrities")),
)
_DEFAULT: Final = frozenset(one.operation for one in _ANALYSES if one.is_chosen_first)


def _show(_visit: PageVisit) -> PageAnswer:
    return PageView("try.html", {"analyses": _ANALYSES, "chosen": _DEFAULT})


def _analyze(visit: PageVisit) -> PageAnswer:
    picture, chosen = visit.form.file("picture"), set(visit.form.all("analysis"))
    wanted = [one for one in _ANALYSES if one.operation in chosen]
    if picture is None:
        raise ValidationException(visit.say("Choose a picture, a JPEG or PNG."))
    if not wanted:
        raise ValidationException(visit.say("Choose at least one analysis."))
    found: list[ShownFinding] = []
    data: dict[str, Any] = {}
    missing: list[str] = []
    for one in wanted:
        try:
            answer = visit.call(one.operation, Image={"Bytes": picture.content}, **one.options)
        except ResourceNotReadyException as error:  # a model that is optional
            missing.append(error.message)
            continue
        found += findings(answer)
        data[one.operation] = visit.written(one.operation, answer)
    marks = [mark for finding in found for mark in finding.marks]
    values = {
        "analyses": _ANALYSES,
        "chosen": chosen,
        **drawn_picture(picture.content, marks, side=_SIDE, legend=legend(marks)),
        "found": found,
        "missing": missing,
        "code": _lines(visit, wanted),
        "name": picture.name,
    }
    return PageView("try.html", values, data, has_pictures_within=True)


def _lines(visit: PageVisit, wanted: Sequence[PictureAnalysis]) -> str:
    """The lines of boto3 that make the same requests."""
    lines = [
        "import boto3",
        "",
        f'client = boto3.client("rekognition", endpoint_url="{visit.root}")',
        'picture = open("picture.jpg", "rb").read()',
    ]
    for one in wanted:
        options = "".join(f", {name}={value!r}" for name, value in one.options.items()).replace("'", '"')
        lines.append(f'print(client.{one.operation}(Image={{"Bytes": picture}}{options}))')
    return "\n".join(lines)


PAGES: Final[Sequence[Page]] = (
    Page(
        path="/console/try",
        show=_show,
        acts={"analyze": _analyze},
        roles=frozenset({"admin", "operator", "investigator"}),
        title=msgid("Try a picture"),
        menu=True,
        takes_pictures=True,
    ),
)
