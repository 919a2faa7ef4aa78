"""MigrateFaces: the faces of a collection elsewhere, enrolled from their pictures under their own ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np

from regard.collections.bulk import BulkLoader, Embeddings, check
from regard.collections.changes import identity_of
from regard.context import Context
from regard.errors import RegardError
from regard.governance.permissions import Permission
from regard.governance.purpose import CONSENT_TAG, RETENTION_TAG, strict_of
from regard.migration.journal import MigrationJournal
from regard.migration.pictures import CandidatePictures, by_image
from regard.migration.places import PicturePlace
from regard.migration.records import MigrationOutcome, NotCarried, SourceFace
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.collections.consent import consents_to_load
from regard.operations.inputs.images import load_picture
from regard.operations.migration.joining import join_users
from regard.operations.migration.reading import (
    UNUSABLE,
    CarriedFace,
    CarryingRules,
    FoundBoxes,
    ImageReading,
    read_image,
)
from regard.operations.migration.reading_task import ReadingTask, of_faces, sought_image
from regard.operations.operation import Area, Operation
from regard.operations.subjects import COLLECTION
from regard.tasks.choice import cluster_of
from regard.tasks.executor import Executor
from regard.vision.findings import PictureFindings, Pictures

_IMAGES = 32  # of a transaction, and of a line of work that a kill loses
_NAMED = 1000  # faces of one query
_Groups = Mapping[str, Sequence[SourceFace]]


def migrate_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enrols the faces of a collection elsewhere from their pictures, and gives them back to their users.

    `Faces` and `Users` are what the source lists, `Images` is where pictures lie and `Match` says which of
    them a face may be of. Each face keeps its FaceId, ImageId and ExternalImageId; its box is where it was
    found here. What was done before is passed over, and what couldn't be carried too, unless `Again`. Whom
    somebody has erased here since stays erased, unless `EvenErased`. Under
    a strict purpose the collection must say for how long faces are kept, and take consents, unless
    `WithoutConsent` says by what right they aren't asked for. Raises RegardError.
    """
    faces: Sequence[SourceFace] = request["Faces"]
    _check_protection(ctx, request.get("WithoutConsent"))
    _check_model(ctx)
    _check_consents(ctx, faces)
    known = _known(ctx, faces)
    _check_room(ctx, len(faces) - len(known))
    journal = journal_of(ctx, request["Source"])
    even_erased = bool(request.get("EvenErased"))
    erased = set() if even_erased else journal.carried - known.keys()
    journal.write([], known)
    left = {face.face_id: NotCarried.ERASED for face in faces if face.face_id in erased}
    waiting: dict[str, Sequence[SourceFace]] = {}
    whole = known.keys() - _without_portrait(ctx, known) | erased
    for image_id, group in by_image(faces).items():
        missing = [face for face in group if face.face_id not in whole]
        before = None if request.get("Again") else journal.left(image_id)
        if before is not None and all(face.face_id in before for face in missing):
            left |= {face.face_id: before[face.face_id] for face in missing}
        elif missing:
            waiting[image_id] = missing
    enrolled = _enrol(ctx, request, waiting, journal, left)
    left = {face_id: reason for face_id, reason in left.items() if face_id not in known}
    users = request["Users"]
    associated, full, users_erased = join_users(ctx, users, journal, even_erased=even_erased)
    carried = MigrationOutcome(
        len(faces), enrolled, len(known), left, len(users), associated, full, users_erased
    )
    return {
        "Migration": carried,
        "SourceFaces": carried.faces,
        "Enrolled": enrolled,
        "Known": carried.known,
        "Left": len(left),
        "SourceUsers": carried.users,
        "Associated": associated,
    }


def _check_protection(ctx: Context, without_consent: str | None) -> None:
    collection = ctx.collection
    if strict_of(collection.purpose, ctx.settings.site_purpose) is None:
        return
    if ctx.stores.privacy.faces.limit(collection) is None:
        raise RegardError(
            f"{collection.collection_id} is for {collection.purpose}, and nothing says how long faces are "
            f"kept: give it the tag {RETENTION_TAG} before it is filled."
        )
    if not (ctx.stores.privacy.faces.needs_consent(collection) or without_consent):
        raise RegardError(
            f"{collection.collection_id} is for {collection.purpose}, and asks nobody for consent: give it "
            f"the tag {CONSENT_TAG} and record consents, or say by what right faces are kept without "
            "(--without-consent)."
        )


def _check_model(ctx: Context) -> None:
    collection = ctx.collection
    if collection.next_model is not None:
        raise RegardError(
            f"The vectors of {collection.collection_id} are being made anew by face model "
            f"{collection.next_model}: migrate when that is done."
        )
    if ctx.face_model.is_retired:
        raise RegardError(
            f"This version of Regard makes no vectors by face model {collection.face_model_version}: "
            "migrate into a new collection."
        )


def _check_consents(ctx: Context, faces: Sequence[SourceFace]) -> None:
    """Raises before the first face is enrolled, naming one without consent."""
    names = list(dict.fromkeys(face.external_image_id for face in faces))
    for start in range(0, len(names), _NAMED):
        consents_to_load(ctx, ctx.collection, names[start : start + _NAMED])


def _check_room(ctx: Context, new: int) -> None:
    limit = ctx.settings.collection_faces
    if ctx.collection.face_count + new > limit:
        raise RegardError(
            f"The collection would hold {ctx.collection.face_count + new:,} faces, and can't hold more than "
            f"{limit:,}: raise REGARD_COLLECTION_FACES."
        )


def _without_portrait(ctx: Context, known: Mapping[str, int]) -> set[str]:
    """The FaceIds of those that reviewers need a portrait of and have none: a run was killed before it."""
    if strict_of(ctx.collection.purpose, ctx.settings.site_purpose) is None:
        return set()
    rows = list(known.values())
    having: set[int] = set()
    for start in range(0, len(rows), _NAMED):
        having |= ctx.stores.accountability.examination.crops.having(rows[start : start + _NAMED])
    return {face_id for face_id, row in known.items() if row not in having}


def _known(ctx: Context, faces: Sequence[SourceFace]) -> dict[str, int]:
    """The rows of those that are in the collection, by FaceId."""
    found: dict[str, int] = {}
    ids = [face.face_id for face in faces]
    for start in range(0, len(ids), _NAMED):
        named = ids[start : start + _NAMED]
        page = ctx.stores.gallery.page(ctx.collection, after=0, limit=_NAMED, face_ids=named)
        found |= {face.face_id: face.row for face in page}
    return found


def journal_of(ctx: Context, source: str) -> MigrationJournal:
    """The journal of a collection's migration from `source`, whatever the run."""
    with ctx.stores.database.read() as connection:
        incarnation, _ = identity_of(connection, ctx.collection.row)
    which = json.dumps([incarnation, ctx.collection.row, source])
    folder = ctx.settings.data / "migrations"
    folder.mkdir(mode=0o700, exist_ok=True)
    return MigrationJournal(folder / f"{hashlib.sha256(which.encode()).hexdigest()[:32]}.jsonl")


def _enrol(
    ctx: Context,
    request: Mapping[str, Any],
    waiting: _Groups,
    journal: MigrationJournal,
    left: dict[str, NotCarried],
) -> int:
    """How many faces of the images that wait were enrolled; `left` is told of the others."""
    loader = BulkLoader(ctx.stores.database, max_faces=ctx.settings.collection_faces)
    enrolled = done = 0
    for readings in _read(ctx, request, waiting):
        carried = [face for reading in readings for face in reading.carried]
        if carried:
            enrolled += _load(ctx, loader, carried)
        journal.write(
            [(reading.image_id, reading.left) for reading in readings],
            [one.face.face_id for one in carried],
        )
        for reading in readings:
            left |= reading.left
        done += len(readings)
        ctx.report("Enrolling", done, len(waiting))
    return enrolled


def _read(ctx: Context, request: Mapping[str, Any], waiting: _Groups) -> Iterator[list[ImageReading]]:
    """Images, some at a time, each batch read by several threads; by the cluster of the settings, if there is
    one, where pictures are in a bucket and no portraits of them are kept.
    """
    place: PicturePlace = request["Images"]
    candidates = place.candidates(request["Match"], ctx.stores.objects)
    rules = CarryingRules.of(ctx, request.get("QualityFilter", "AUTO"))
    cluster = None if place.folder is not None or rules.has_portraits else cluster_of(ctx.settings)
    if cluster is not None:
        yield from _read_on(cluster, ctx, place.bucket, candidates, rules, waiting)
        return
    seen: FoundBoxes = {}

    def open_picture(key: str) -> PictureFindings | None:
        try:
            # Pictures of its own, since they are kept as long as what holds them.
            return load_picture(replace(ctx, pictures=Pictures(ctx.models)), place.image(key))
        except UNUSABLE:
            return None

    def one(image: tuple[str, Sequence[SourceFace]]) -> ImageReading:
        embedder = ctx.face_model.embedder
        return read_image(open_picture, embedder, rules, *image, candidates.of(image[1]), seen)

    rest: Iterable[tuple[str, Sequence[SourceFace]]] = iter(waiting.items())
    with ThreadPoolExecutor(request["Workers"]) as executor:
        while batch := list(islice(rest, _IMAGES)):
            yield list(executor.map(one, batch))


def _read_on(
    cluster: Executor,
    ctx: Context,
    bucket: str,
    candidates: CandidatePictures,
    rules: CarryingRules,
    waiting: _Groups,
) -> Iterator[list[ImageReading]]:
    """The same by a cluster, in the same order. Raises InternalServerError where it fails."""
    limits, model = PictureLimits.of(ctx.settings), ctx.face_model.version

    def tasks() -> Iterator[ReadingTask]:
        groups = iter(waiting.values())
        while some := list(islice(groups, cluster.grain)):
            images = tuple(sought_image(faces, candidates.of(faces)) for faces in some)
            yield ReadingTask(bucket, images, limits, rules, model)

    with closing(cluster.results(tasks())) as results:
        found = chain.from_iterable(results)
        rest = iter(waiting.items())
        while batch := list(islice(rest, _IMAGES)):
            yield [of_faces(next(found), *image) for image in batch]


def _load(ctx: Context, loader: BulkLoader, carried: Sequence[CarriedFace]) -> int:
    collection = ctx.collection
    names = [one.face.external_image_id for one in carried]
    batch = Embeddings(
        np.stack([one.vector for one in carried]),
        external_image_ids=names,
        face_ids=[one.face.face_id for one in carried],
        image_ids=[one.face.image_id for one in carried],
        confidences=np.array([one.confidence for one in carried]),
        boxes=np.array([[one.box.left, one.box.top, one.box.width, one.box.height] for one in carried]),
        image_digests=[one.digest for one in carried],
    )
    check(batch, 0)
    added = loader.load(collection, batch, consents_to_load(ctx, collection, names)).added
    portraits = {one.face.face_id: one.portrait for one in carried if one.portrait is not None}
    if portraits:
        stored = ctx.stores.gallery.page(collection, after=0, limit=len(portraits), face_ids=list(portraits))
        crops = {face.row: portraits[face.face_id] for face in stored}
        ctx.stores.accountability.examination.crops.put(crops)
    return added


OPERATIONS = (
    Operation(
        name="MigrateFaces",
        run=migrate_faces,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        about=COLLECTION,
        notes=(
            "Source",
            "WithoutConsent",
            "EvenErased",
            "SourceFaces",
            "Enrolled",
            "Known",
            "Left",
            "SourceUsers",
            "Associated",
        ),
        is_own=True,
        is_local=True,
        is_long=True,
    ),
)
