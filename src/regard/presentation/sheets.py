"""The sheet on which a reviewer compares a probe with the candidates: faces, numbers, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from regard.errors import RegardError
from regard.presentation.tables import Table, broken, whole
from regard.presentation.wording import printable

_SIDE: Final = 400
_GAP: Final = 24
_STRIP: Final = 48  # below each face, for its number
_IN_A_ROW: Final = 3  # candidates, with the probe beside them in every row
_GROUND, _INK = (118, 118, 118), (255, 255, 255)  # middle grey, so that no face appears lighter than it is


def draw_sheet(probe: bytes, candidates: Sequence[bytes | None], target: Path) -> None:
    """Writes the sheet as a picture. Pictures are JPEG; None stands for a face that is gone.

    Raises RegardError where it can't be written.
    """
    rows = [candidates[start : start + _IN_A_ROW] for start in range(0, len(candidates), _IN_A_ROW)]
    wide = 1 + max((len(row) for row in rows), default=0)
    size = (_GAP + wide * (_SIDE + _GAP), _GAP + len(rows) * (_SIDE + _STRIP + _GAP))
    sheet = Image.new("RGB", size, _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(32)
    number = 0
    for down, row in enumerate(rows):
        for across, picture in enumerate([probe, *row]):
            left, top = _GAP + across * (_SIDE + _GAP), _GAP + down * (_SIDE + _STRIP + _GAP)
            if picture is not None:
                sheet.paste(_square(picture), (left, top))
            number += across > 0
            label = "probe" if across == 0 else str(number)
            pen.text((left + _SIDE / 2, top + _SIDE + _STRIP / 2), label, _INK, font, anchor="mm")
    try:
        sheet.save(target)
    except (OSError, ValueError) as error:
        raise RegardError(
            f"{target} can't be written: give a .png or .jpg in a folder that exists."
        ) from error


def review_table(reviews: Sequence[Mapping[str, Any]]) -> Table:
    """Reviews: how far they are, and what is held of their candidates."""
    rows = [
        (
            review["ReviewId"],
            review["CaseId"],
            review["Status"],
            f"{review['Opened']:%Y-%m-%d %H:%M}",
            ", ".join(f"{one['Number']} {one['Status']}" for one in review["Candidates"]),
        )
        for review in reviews
    ]
    return Table([*whole("Review", "Case", "Status", "Opened"), *broken("Candidates")], rows)


def rated_table(answer: Mapping[str, Any]) -> Table:
    """The candidates of a sheet that was rated: what the reviewer said, and what the face model says."""
    rows = [
        (
            str(one["Number"]),
            f"{one['Value']:+d}",
            f"{one['Similarity']:.2f} %" if "Similarity" in one else "–",
            one.get("Status") or ("the same person" if one.get("IsSamePerson") else "another person"),
        )
        for one in answer["Rated"]
    ]
    return Table([*whole("#", "Yours", "Face model"), *broken("Held of it")], rows)


def candidate_table(review: Mapping[str, Any]) -> Table:
    """The candidates of a review as one may see them."""
    rows = [
        (
            str(one["Number"]),
            one["Status"],
            f"{one['Similarity']:.2f} %" if "Similarity" in one else "–",
            printable(one.get("UserId") or one.get("ExternalImageId") or one.get("FaceId") or "–"),
            " ".join(
                f"{rating['Value']:+d}"
                for rating in review.get("Ratings", ())
                if rating["Number"] == one["Number"]
            )
            or "–",
        )
        for one in review["Candidates"]
    ]
    return Table([*whole("#", "Status", "Similarity"), *broken("Who"), *whole("Ratings")], rows)


def _square(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)


def errors_table(reviewers: Sequence[Mapping[str, Any]]) -> Table:
    """How reviewers did on sheets whose answer is known; who may not rate is marked."""
    rows = [
        (
            one["PersonId"],
            f"{one['Missed']} of {one['Same']}",
            f"{one['Mistaken']} of {one['Different']}",
            f"{one['WrongLately']} of {one['PairsLately']}",
            "no, train again" if one["IsBarred"] else "yes",
        )
        for one in reviewers
    ]
    headers = [*whole("Reviewer", "Missed", "Mistaken", "Wrong since training", "May rate")]
    barred = frozenset(place for place, one in enumerate(reviewers) if one["IsBarred"])
    return Table(headers, rows, flagged=barred)
