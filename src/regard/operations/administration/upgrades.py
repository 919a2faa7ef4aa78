"""UpgradeCollection, UpgradeCelebrities: vectors made anew by another face model, from the photos."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from regard.collections.face_models import FaceModel
from regard.collections.records import Collection, StoredFace
from regard.context import Context
from regard.errors import RegardError, ServiceError
from regard.governance.permissions import Permission
from regard.operations.administration.face_matching import same_faces, same_places
from regard.operations.inputs.images import load_picture
from regard.operations.inputs.photos import KeptPhoto, photos_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.boxes import bounding_box
from regard.operations.subjects import COLLECTION
from regard.vision.findings import Pictures

_SAME_PLACE = (
    0.5  # the share of two boxes that are of one face: another version may draw it a little otherwise
)
_NO_PHOTO = "No photo with the bytes of the one that it was enrolled from was given."
_NO_FACE = "No face was found at its place in {}."

T = TypeVar("T")
R = TypeVar("R")


def upgrade_collection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a collection's vectors anew by the face model of `FaceModelVersion`, that of new collections when
    None, and switches the collection to it; goes on where it stopped.

    The photos are those in `Folder`, `Bucket` and `Manifest`, as `photos_of` reads them; a photo is known by
    its bytes, and with `ByName` by its name, too. The collection is searched by its present model until all
    its faces are carried; with `DropMissing` those that can't be are erased then, else nothing is switched
    and they are told. `Cancel` drops what was made. Raises RegardError.
    """
    return _upgrade(ctx, ctx.collection, request)


def upgrade_celebrities(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The same for the celebrities."""
    return _upgrade(ctx, ctx.stores.upgrades.celebrities(), request)


@dataclass(frozen=True, slots=True)
class _Upgrade:
    """What is upgraded, to the model `new`. `by_name`: photos that were saved anew are found by their names,
    and faces in them by their vectors of the model `old`.
    """

    collection: Collection
    new: FaceModel
    old: FaceModel
    by_name: bool


@dataclass(slots=True)
class _UpgradeRun:
    """What one run of an upgrade has done, and why some faces were not carried, by FaceId."""

    photos: int = 0
    carried: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    unreadable: list[dict[str, str]] = field(default_factory=list)


def _upgrade(ctx: Context, collection: Collection, request: dict[str, Any]) -> dict[str, Any]:
    upgrades = ctx.stores.upgrades
    if request.get("Cancel"):
        upgrades.cancel(collection)
        return {"Cancelled": True, "Switched": False, "FaceModelVersion": collection.face_model_version}
    model = _model(ctx, request.get("FaceModelVersion"))
    by_name = bool(request.get("ByName"))
    old = ctx.face_models.of(collection.face_model_version) if by_name else model
    _ = old.embedder  # raises where what was made can't be compared with what there is
    photos = photos_of(ctx, request)
    collection = upgrades.begin(collection, model)
    before = upgrades.progress(collection)
    run = _make(ctx, _Upgrade(collection, model, old, by_name), photos)
    missing = [_face(face, run) for face in upgrades.missing(collection)]
    answer: dict[str, Any] = {
        "FaceModelVersion": model.version,
        "Faces": before.faces,
        "CarriedBefore": before.made,
        "Carried": run.carried,
        "Photos": run.photos,
        "Unreadable": run.unreadable,
        "Missing": missing,
        "DroppedFaceIds": [],
        "Switched": False,
    }
    if missing and not request.get("DropMissing"):
        return answer
    ctx.report("Switching", 0, 1)
    dropped = upgrades.switch(collection, drop_missing=bool(request.get("DropMissing")))
    ctx.report("Switching", 1, 1)
    return answer | {"Switched": True, "DroppedFaceIds": [face.face_id for face in dropped]}


def _model(ctx: Context, version: str | None) -> FaceModel:
    model = ctx.face_models.default if version is None else ctx.face_models.of(version)
    _ = model.embedder  # raises where it makes no vectors any more
    return model


def _make(ctx: Context, upgrade: _Upgrade, photos: Sequence[KeptPhoto]) -> _UpgradeRun:
    """Makes what is missing of the vectors, a photo's in one transaction."""
    run = _UpgradeRun()
    left = sum(1 for _ in ctx.stores.upgrades.missing(upgrade.collection))
    outcomes = _in_parallel(
        lambda photo: _carry(ctx, upgrade, photo), photos if left else (), ctx.settings.worker_count
    )
    with closing(outcomes):
        for carried in outcomes:
            run.photos += 1
            run.carried += carried.faces
            run.reasons |= carried.reasons
            if carried.problem is not None:
                run.unreadable.append({"Photo": carried.photo, "Reason": carried.problem})
            ctx.report("Making vectors anew", run.photos, len(photos))
            if run.carried >= left:  # the other photos are of nobody who is missing
                break
    return run


@dataclass(frozen=True, slots=True)
class _Carried:
    """What came of a photo: how many faces have a vector by it, and why others of it have none."""

    photo: str
    faces: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


def _carry(ctx: Context, upgrade: _Upgrade, photo: KeptPhoto) -> _Carried:
    upgrades = ctx.stores.upgrades
    try:
        content = photo.read()
    except RegardError as error:
        return _Carried(photo.name, problem=str(error))
    wanted = upgrades.missing_of_image(upgrade.collection, hashlib.sha256(content).hexdigest())
    named = [] if wanted or not upgrade.by_name else upgrades.missing_named(upgrade.collection, photo.names)
    if not wanted and not named:
        return _Carried(photo.name)
    try:
        # Pictures of its own, since they are kept as long as what holds them: a photo at a time is.
        picture = load_picture(replace(ctx, pictures=Pictures(ctx.models)), {"Bytes": content})
    except ServiceError as error:
        told = dict.fromkeys((face.face_id for face in wanted), f"{photo.name}: {error.message}")
        return _Carried(photo.name, reasons=told, problem=error.message)
    faces = picture.faces()
    places = [face.box.relative_to(picture.image.width, picture.image.height) for face in faces]
    if wanted:
        pairs = same_places([face.box for face in wanted], places)
    else:
        wanted, kept = [face for face, _ in named], np.stack([vector for _, vector in named])
        vectors = picture.embeddings(upgrade.old.embedder, faces)
        pairs = same_faces([face.box for face in wanted], kept, places, vectors, upgrade.old)
    made = picture.embeddings(upgrade.new.embedder, [faces[found] for found in pairs.values()])
    rows = [wanted[place].row for place in pairs]
    if rows:
        upgrades.put(upgrade.collection, dict(zip(rows, made, strict=True)))
    lost = [face.face_id for place, face in enumerate(wanted) if place not in pairs and not named]
    return _Carried(photo.name, len(pairs), dict.fromkeys(lost, _NO_FACE.format(photo.name)))


def _face(face: StoredFace, run: _UpgradeRun) -> dict[str, Any]:
    """A face that was not carried, and why."""
    shape = {
        "FaceId": face.face_id,
        "ImageId": face.image_id,
        "ExternalImageId": face.external_image_id or None,
        "UserId": face.user_id,
        "BoundingBox": bounding_box(face.box),
        "Reason": run.reasons.get(face.face_id, _NO_PHOTO),
    }
    return {name: value for name, value in shape.items() if value is not None}


def _in_parallel(step: Callable[[T], R], items: Iterable[T], workers: int) -> Generator[R]:
    """What `step` gives of each, as it comes; few are begun ahead."""
    waiting = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="upgrade") as executor:
        running: set[Future[R]] = {executor.submit(step, one) for one in islice(waiting, 2 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
                running |= {executor.submit(step, one) for one in islice(waiting, 1)}


_NOTES = (
    "FaceModelVersion",
    "ByName",
    "Faces",
    "CarriedBefore",
    "Carried",
    "DroppedFaceIds",
    "Switched",
    "Cancelled",
)

OPERATIONS = (
    Operation(
        name="UpgradeCollection",
        run=upgrade_collection,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        about=COLLECTION,
        notes=_NOTES,
        is_own=True,
        is_local=True,
        is_long=True,
    ),
    Operation(
        name="UpgradeCelebrities",
        run=upgrade_celebrities,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        notes=_NOTES,
        is_own=True,
        is_local=True,
        is_long=True,
    ),
)
