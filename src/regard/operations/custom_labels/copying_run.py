"""Running a copy of a version: an object of the source's output a step, and the model last.

Each object is written whole, and may be written twice, so that whoever goes on after a crash mends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection

from regard.context import Context
from regard.custom.version_records import BucketObject, Made, ProjectVersion
from regard.custom.versions import keep_made
from regard.errors import InvalidS3ObjectException
from regard.jobs.records import Item, Step
from regard.operations.custom_labels.copy_rights import source_of_copy
from regard.operations.custom_labels.outputs import try_output
from regard.operations.custom_labels.training.artefacts import Artefact, OutputFolder
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_labels.training.writing import GROUND_TRUTH, VALIDATION, assets_of

_PIECE: Final = 1 << 20
_MAX_BYTES: Final = 1 << 33  # of an object; a manifest of 1 GB grows by what is said of its lines
_READ: Final = tuple(one for one in Artefact if one is not Artefact.MODEL)


def copy(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The rest of a copy. What is gone from the source's bucket is left out: the model is in the database."""
    source = source_of_copy(ctx, request)
    version = ctx.stores.custom.versions.of_job(ctx.job.job_id)
    old, new = OutputFolder.of(source), OutputFolder.of(version)
    reached: dict[str, Any] = state or {"done": 0, "gone": []}
    if not reached["done"]:
        try_output(ctx, new)
    for number, artefact in enumerate(_READ[reached["done"] :], reached["done"] + 1):
        is_there = _copied(ctx, artefact, old, new)
        gone = reached["gone"] + ([] if is_there else [artefact.value])
        reached = {"done": number, "gone": gone}
        told = {"StatusMessage": f"Copying: {number} of {len(Artefact)} objects."}
        yield Step([], reached, number / len(Artefact), told)
    models = ctx.stores.custom.models
    content = models.get(str(source.model))
    models.put(content)  # kept for an hour more, whatever becomes of the source
    new.write(ctx, Artefact.MODEL, iter([content]))
    made = _made(source, new, frozenset(map(Artefact, reached["gone"])))

    def keep(connection: Connection) -> Mapping[str, Any]:
        keep_made(connection, ctx.job.job_id, made)
        return {}

    yield Step([Item(0, "", {}, "MADE", keep)], reached, 1.0)


def _copied(ctx: Context, artefact: Artefact, old: OutputFolder, new: OutputFolder) -> bool:
    """Copies an object; False where there is none that can be read. Raises InternalServerError while a bucket
    is away.
    """
    place = old.place(artefact)
    try:
        with ctx.stores.objects.open_video(place.bucket, place.name, None, limit=_MAX_BYTES) as file:
            new.write(ctx, artefact, _pieces(file))
    except InvalidS3ObjectException:
        return False
    return True


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(partial(file.read, _PIECE), b"")


def _made(source: ProjectVersion, new: OutputFolder, gone: frozenset[Artefact]) -> Made:
    def place(artefact: Artefact, *, is_known: bool) -> BucketObject | None:
        return new.place(artefact) if is_known and artefact not in gone else None

    return Made(
        training=_result(source.training or {}, TrainingPart.TRAINING, new, gone),
        testing=_result(source.testing or {}, TrainingPart.TESTING, new, gone),
        f1=float(source.f1 or 0.0),
        summary=place(Artefact.EVALUATION_SUMMARY, is_known=source.summary is not None),
        manifest_summary=place(Artefact.MANIFEST_SUMMARY, is_known=source.manifest_summary is not None),
        use_case=str(source.use_case),
        model=str(source.model),
        backbone=str(source.backbone),
        billable_ms=None,
        ended=source.ended,
    )


def _result(
    told: Mapping[str, Any], part: TrainingPart, new: OutputFolder, gone: frozenset[Artefact]
) -> dict[str, Any]:
    """TrainingDataResult or TestingDataResult, with the places of the copies."""
    result = dict(told)
    for member, artefact in (("Output", GROUND_TRUTH[part]), ("Validation", VALIDATION[part])):
        if artefact in gone:
            result.pop(member, None)
        elif member in result:
            result[member] = {**result[member], **assets_of(new.place(artefact))}
    return result
