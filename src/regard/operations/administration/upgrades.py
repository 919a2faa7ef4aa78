"""UpgradeCollection, UpgradeCelebrities: vectors made anew by another face model, from the photos."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from regard.collections.face_models import FaceModel
from regard.collections.records import Collection, StoredFace
from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.administration.photo_carrying import CollectionUpgrade, carried_photos
from regard.operations.inputs.photos import KeptPhoto, photos_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.boxes import bounding_box
from regard.operations.subjects import COLLECTION

_NO_PHOTO = "No photo with the bytes of the one that it was enrolled from was given."


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
    run = _make(ctx, CollectionUpgrade(collection, model, old, by_name), photos)
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


def _make(ctx: Context, upgrade: CollectionUpgrade, photos: Sequence[KeptPhoto]) -> _UpgradeRun:
    """Makes what is missing of the vectors, a photo's in one transaction."""
    run = _UpgradeRun()
    left = sum(1 for _ in ctx.stores.upgrades.missing(upgrade.collection))
    with closing(carried_photos(ctx, upgrade, photos if left else ())) as outcomes:
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
