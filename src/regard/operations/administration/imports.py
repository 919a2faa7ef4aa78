"""ImportFaces: embeddings that were made before, by the million."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.collections.bulk import BulkLoader, check
from regard.collections.face_models import FaceModel
from regard.collections.records import Collection
from regard.collections.vector_files import VectorFile, open_vectors
from regard.context import Context
from regard.errors import RegardError
from regard.governance import purpose
from regard.governance.permissions import Permission
from regard.operations.administration.import_position import ImportPosition
from regard.operations.collections.consent import consents_to_load
from regard.operations.operation import Area, Operation
from regard.operations.subjects import COLLECTION

BATCH = 10_000  # rows of a transaction: other writers wait a third of a second for one


def import_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enrols embeddings from a file, from where an import of it stopped; nothing is doubled.

    `File` is its path, `Ids` that of a text file with an ExternalImageId a line, or None. `FaceModelVersion`
    is that of what made them; without it they are taken to be the collection's. `Again` reads the rows that
    were done before, too. The whole file is checked before anything is written; the collection is made where
    there is none, for that model and the `Purpose`, and gets the purpose where it is stricter than its own.
    Raises RegardError.
    """
    file, ids = request["File"], request.get("Ids")
    source = open_vectors(file, ids)
    found = ctx.subject.collection
    model = _model(ctx, found, request.get("FaceModelVersion"))
    _check_vectors(source, model, file)
    done = 0
    if found is not None:
        _check_purpose(found, request.get("Purpose"))
        if not request.get("Again"):
            done = min(ImportPosition.of(ctx, found, file, ids).read(), source.rows)
    loader = BulkLoader(ctx.stores.database, max_faces=ctx.settings.collection_faces)
    _check_rows(ctx, source, done)
    _check_quota(ctx, loader, source, done)
    collection = _collection(ctx, request, model)
    position = ImportPosition.of(ctx, collection, file, ids)
    added = known = 0
    first = done
    for batch in source.read(done, BATCH):
        check(batch, first)  # the file may have changed since
        loaded = loader.load(collection, batch, consents_to_load(ctx, collection, batch.external_image_ids))
        first += len(batch)
        position.write(first)
        added, known = added + loaded.added, known + loaded.known
        ctx.report("Importing", first, source.rows)
    return {"Rows": source.rows, "Added": added, "Known": known, "Skipped": done, "Name": file.name}


def _model(ctx: Context, found: Collection | None, version: str | None) -> FaceModel:
    """The model whose vectors are imported."""
    if found is None:
        model = ctx.face_models.default if version is None else ctx.face_models.of(version)
        if model.is_retired:
            raise RegardError(
                f"This version of Regard makes no vectors by face model {model.version} any more: enrol the "
                "pictures themselves with `regard index`."
            )
        return model
    if version not in (None, found.face_model_version):
        raise RegardError(
            f"The embeddings were made by version {version} of the face model, and the faces of "
            f"{found.collection_id} by version {found.face_model_version}: they don't compare. Import into a "
            "new collection."
        )
    if found.next_model is not None:
        raise RegardError(
            f"The vectors of {found.collection_id} are being made anew by face model {found.next_model}, and "
            "embeddings have none by it: import when that is done."
        )
    return ctx.face_models.of(found.face_model_version)


def _check_vectors(source: VectorFile, model: FaceModel, file: Path) -> None:
    if not source.rows:
        raise RegardError(f"{file} holds no rows.")
    if source.dimension != model.dimension:
        raise RegardError(
            f"The vectors of {file} have {source.dimension} numbers, and those of face model {model.version} "
            f"have {model.dimension}: another model made them."
        )


def _check_purpose(found: Collection, wanted: str | None) -> None:
    if wanted not in (None, found.purpose) and purpose.stricter(found.purpose, wanted) == found.purpose:
        raise RegardError(
            f"The purpose of {found.collection_id} is {found.purpose}, and {wanted} is no stricter: an "
            "import raises a purpose and never lowers it."
        )


def _check_rows(ctx: Context, source: VectorFile, done: int) -> None:
    """Reads every row that is to be loaded. Raises RegardError for the first that can't be."""
    first = done
    for batch in source.read(done, BATCH):
        check(batch, first)
        consents_to_load(ctx, ctx.subject.collection, batch.external_image_ids)
        first += len(batch)
        ctx.report("Checking", first, source.rows)


def _check_quota(ctx: Context, loader: BulkLoader, source: VectorFile, done: int) -> None:
    found, limit = ctx.subject.collection, ctx.settings.collection_faces
    count_now = 0 if found is None else found.face_count
    new = source.rows - done
    if found is not None and count_now + new > limit:
        new -= sum(loader.known(found, batch) for batch in source.read(done, BATCH))
    if count_now + new > limit:
        raise RegardError(
            f"The collection would hold {count_now + new:,} faces, and can't hold more than {limit:,}: raise "
            "REGARD_COLLECTION_FACES, or import into several collections."
        )


def _collection(ctx: Context, request: dict[str, Any], model: FaceModel) -> Collection:
    """The collection to load into, for the purpose that is wanted."""
    wanted, found = request.get("Purpose"), ctx.subject.collection
    tags = {} if wanted is None else {purpose.TAG: wanted}
    if found is None:
        return ctx.stores.collections.create(request["CollectionId"], model.version, tags)
    if wanted in (None, found.purpose):
        return found
    ctx.stores.collections.tag(found, tags)
    return ctx.stores.collections.get(found.collection_id)


OPERATIONS = (
    Operation(
        name="ImportFaces",
        run=import_faces,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        about=COLLECTION,
        notes=("Name", "Purpose", "Rows", "Added", "Known", "Skipped"),
        is_own=True,
        is_local=True,
        is_long=True,
    ),
)
