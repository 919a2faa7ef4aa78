"""CheckMigration: a collection compared with the one elsewhere that it was filled from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from regard.collections.records import StoredFace
from regard.context import Context
from regard.governance.permissions import Permission
from regard.migration.checked import Completeness, MigrationCheck
from regard.migration.pictures import by_image
from regard.migration.records import NotCarried, SourceFace, SourceUser
from regard.operations.migration.carrying import journal_of
from regard.operations.operation import Area, Operation
from regard.operations.subjects import COLLECTION

_PAGE = 4096
_SAME_VECTOR = 1e-3  # L2; vectors are kept as float16


def check_migration(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Compares a collection with `Faces` and `Users` of its source, and searches for some of its own faces.

    `Sample` faces that were carried are drawn by `Seed`; each is searched for with its own vector. The
    answer has numbers and the ids of what lacks faces, and nobody's matches.
    """
    faces: Sequence[SourceFace] = request["Faces"]
    users: Sequence[SourceUser] = request["Users"]
    here = {face.face_id: face for face in _stored(ctx)}
    of_source = {face.face_id: face for face in faces}
    carried = [face_id for face_id in of_source if face_id in here]
    changed = sum(not _is_same(of_source[face_id], here[face_id]) for face_id in carried)
    left, unexplained = _left(ctx, request["Source"], [face for face in faces if face.face_id not in here])
    names: dict[str, list[str]] = {}
    for face in faces:
        if face.external_image_id:
            names.setdefault(face.external_image_id, []).append(face.face_id)
    drawn = random.Random(request["Seed"]).sample(carried, min(request["Sample"], len(carried)))  # noqa: S311
    found = sum(_finds_itself(ctx, face_id) for face_id in drawn)
    check = MigrationCheck(
        collection_id=ctx.collection.collection_id,
        source=request["Source"],
        face_model_version=ctx.collection.face_model_version,
        source_faces=len(faces),
        source_users=len(users),
        faces=len(here),
        users=ctx.collection.user_count,
        carried=len(carried),
        changed=changed,
        added=len(here) - len(carried),
        left=left,
        unexplained=unexplained,
        by_user=Completeness.of(
            {user.user_id: user.face_ids for user in users},
            {face_id: face.user_id for face_id, face in here.items()},
        ),
        by_external_id=Completeness.of(
            names, {face_id: face.external_image_id for face_id, face in here.items()}
        ),
        found=found,
        searched=len(drawn),
    )
    return {"Check": check, "SourceFaces": len(faces), "Carried": check.carried, "Searched": check.searched}


def _stored(ctx: Context) -> Iterator[StoredFace]:
    after = 0
    while page := ctx.stores.gallery.page(ctx.collection, after=after, limit=_PAGE):
        yield from page
        after = page[-1].row


def _is_same(source: SourceFace, here: StoredFace) -> bool:
    return (source.image_id, source.external_image_id) == (here.image_id, here.external_image_id)


def _left(ctx: Context, source: str, missing: Sequence[SourceFace]) -> tuple[dict[str, int], int]:
    """How many of the faces that aren't here were left for each reason, and of how many none is known."""
    journal = journal_of(ctx, source)
    counts = dict.fromkeys(NotCarried, 0)
    unexplained = 0
    for image_id, faces in by_image(missing).items():
        known = journal.left(image_id) or {}
        for face in faces:
            erased = NotCarried.ERASED if face.face_id in journal.carried else None
            reason = erased or known.get(face.face_id)
            if reason is None:
                unexplained += 1
            else:
                counts[reason] += 1
    return {reason.value: number for reason, number in counts.items() if number}, unexplained


def _finds_itself(ctx: Context, face_id: str) -> bool:
    """Whether a search with the face's own vector finds it, first or beside others with the same vector."""
    vector = ctx.stores.gallery.vector(ctx.collection, face_id)
    if vector is None:
        return False
    near = ctx.stores.gallery.search(ctx.collection, vector, limit=_PAGE, radius=_SAME_VECTOR)
    return any(match.face.face_id == face_id for match in near)


OPERATIONS = (
    Operation(
        name="CheckMigration",
        run=check_migration,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        about=COLLECTION,
        notes=("Source", "SourceFaces", "Carried", "Searched"),
        is_own=True,
        is_local=True,
        is_long=True,
    ),
)
