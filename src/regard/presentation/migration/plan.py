"""The plan of a migration: what there is, what of it can be made anew, how long that takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from regard.migration.estimate import PictureSurvey, stored_bytes
from regard.migration.records import Inventory
from regard.presentation.numbers import digits
from regard.presentation.tables import Breaks, Header, Table, broken, numbers, whole
from regard.presentation.wording import count

NEVER: Final = (
    "The vectors of faces: no operation of Rekognition returns one, so each face is enrolled anew, from its "
    "picture.",
    "Jobs on stored videos, their results and the results of liveness checks: nothing lists them.",
    "When a face was enrolled: ListFaces doesn't say it, so that retention counts from the migration.",
)
_MB = 1e6


def collection_table(inventory: Inventory, surveys: Mapping[str, PictureSurvey], dimension: int) -> Table:
    """The collections; with their pictures where these were surveyed."""
    headers = [
        *broken("Collection"),
        *numbers("Faces", "Users", "Tags"),
        *whole("Model"),
        *numbers("MB here"),
    ]
    if surveys:
        headers += numbers("Images", "With a picture", "Hours")
    rows = []
    for one in inventory.collections:
        cells = [
            one.collection_id,
            f"{one.face_count:,}",
            f"{one.user_count:,}",
            f"{len(one.tags):,}",
            one.face_model_version,
            digits(stored_bytes(one.face_count, dimension) / _MB),
        ]
        rows.append([*cells, *_surveyed(surveys.get(one.collection_id))] if surveys else cells)
    return Table(headers, rows)


def resource_table(inventory: Inventory) -> Table:
    """Everything else, with what can't be made anew flagged."""
    headers = [
        *whole("Kind"),
        *broken("Name"),
        *whole("Anew"),
        *broken("Buckets"),
        Header("How", Breaks.WORDS),
    ]
    rows = [
        [one.kind, one.name, "yes" if one.anew else "no", ", ".join(one.buckets) or "–", one.how]
        for one in inventory.resources
    ]
    return Table(headers, rows, frozenset(n for n, one in enumerate(inventory.resources) if not one.anew))


def plan_sentences(inventory: Inventory, surveys: Mapping[str, PictureSurvey]) -> list[str]:
    """What the tables don't say."""
    faces = sum(one.face_count for one in inventory.collections)
    said = [
        f"{inventory.endpoint} has {count(len(inventory.collections), 'collection')} "
        f"with {count(faces, 'face')}."
    ]
    for name, one in surveys.items():
        if one.hours is not None:
            said.append(
                f"{name}: {one.seconds / one.timed:.2f} s a picture, measured on {one.timed} pictures with "
                "one worker; --workers divides it as far as there are cores."
            )
    if not surveys:
        said.append("How long it takes: give --images and --match, and some pictures are timed.")
    said += [f"Not read: {why}" for why in inventory.unread]
    return said


def plan_document(
    inventory: Inventory, surveys: Mapping[str, PictureSurvey], dimension: int
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "endpoint": inventory.endpoint,
        "collections": [
            {
                **asdict(one),
                "tags": dict(one.tags),
                "bytes_here": stored_bytes(one.face_count, dimension),
                "pictures": _document(surveys.get(one.collection_id)),
            }
            for one in inventory.collections
        ],
        "resources": [asdict(one) for one in inventory.resources],
        "unread": list(inventory.unread),
        "never": list(NEVER),
    }


def _surveyed(survey: PictureSurvey | None) -> list[str]:
    if survey is None:
        return ["–", "–", "–"]
    hours = "–" if survey.hours is None else digits(survey.hours)
    return [f"{survey.images:,}", f"{survey.with_picture:,}", hours]


def _document(survey: PictureSurvey | None) -> dict[str, Any] | None:
    return None if survey is None else {**asdict(survey), "hours": survey.hours}
