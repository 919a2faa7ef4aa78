"""ImportFaces: embeddings that were made before, by the million."""

from __future__ import annotations

from typing import Any

from regard.collections.bulk import BulkLoader, check
from regard.collections.records import Collection
from regard.collections.vector_files import VectorFile, open_vectors
from regard.context import Context
from regard.errors import RegardError
from regard.governance import purpose
from regard.governance.permissions import Permission
from regard.operations.administration.import_position import ImportPosition
from regard.operations.operation import Area, Operation
from regard.operations.subjects import COLLECTION

BATCH = 10_000  # rows of a transaction: other writers wait a third of a second for one


def import_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enrols embeddings from a file, from where an import of it stopped; nothing is doubled.

    `File` is its path, `Ids` that of a text file with an ExternalImageId a line, or None. `Again` reads the
    rows that were done before, too. The whole file is checked before anything is written; the collection is
    made where there is none, for the `Purpose`, and gets it where it is stricter than its own. Raises
    RegardError.
    """
    file, ids = request["File"], request.get("Ids")
    source = open_vectors(file, ids)
    _check_model(ctx, source, request)
    found = ctx.subject.collection
    done = 0
    if found is not None:
        _check_collection(ctx, found, request.get("Purpose"))
        if not request.get("Again"):
            done = min(ImportPosition.of(ctx, found, file, ids).read(), source.rows)
    loader = BulkLoader(ctx.stores.database, max_faces=ctx.settings.collection_faces)
    _check_rows(ctx, source, done)
    _check_quota(ctx, loader, source, done)
    collection = _collection(ctx, request)
    position = ImportPosition.of(ctx, collection, file, ids)
    added = known = 0
    first = done
    for batch in source.read(done, BATCH):
        check(batch, first)  # the file may have changed since
        loaded = loader.load(collection, batch)
        first += len(batch)
        position.write(first)
        added, known = added + loaded.added, known + loaded.known
        ctx.report("Importing", first, source.rows)
    return {"Rows": source.rows, "Added": added, "Known": known, "Skipped": done, "Name": file.name}


def _check_model(ctx: Context, source: VectorFile, request: dict[str, Any]) -> None:
    faces, version = ctx.models.faces, request.get("FaceModelVersion")
    if version not in (None, faces.version):
        raise RegardError(
            f"The embeddings were made by version {version} of the face model and this is version "
            f"{faces.version}: they don't compare. Enrol the pictures themselves with `regard index`."
        )
    if not source.rows:
        raise RegardError(f"{request['File']} holds no rows.")
    if source.dimension != faces.dimension:
        raise RegardError(
            f"The vectors of {request['File']} have {source.dimension} numbers, and those of the face model "
            f"{faces.dimension}: another model made them."
        )


def _check_collection(ctx: Context, found: Collection, wanted: str | None) -> None:
    version = ctx.models.faces.version
    if found.face_model_version != version:
        raise RegardError(
            f"The faces of {found.collection_id} were made by version {found.face_model_version} of the face "
            f"model and this is version {version}: import into a new collection."
        )
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


def _collection(ctx: Context, request: dict[str, Any]) -> Collection:
    """The collection to load into, for the purpose that is wanted."""
    wanted, found = request.get("Purpose"), ctx.subject.collection
    tags = {} if wanted is None else {purpose.TAG: wanted}
    if found is None:
        return ctx.stores.collections.create(request["CollectionId"], ctx.models.faces.version, tags)
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
