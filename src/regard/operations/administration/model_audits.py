"""AuditBias, AuditWatchlist: the face model, held to account on the operator's own pictures.

No server runs them, and none is to wait for what measures when it starts: functions import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.inputs.photos import read_file
from regard.operations.operation import Area, Operation
from regard.storage.buckets.objects import parse_folders
from regard.storage.buckets.places import place_of_file
from regard.tasks.choice import cluster_of
from regard.tasks.executor import Executor
from regard.vision.image import Image, decode_image

if TYPE_CHECKING:
    from regard.evaluation.choices import Main
    from regard.evaluation.dataset import Dataset
    from regard.evaluation.faces import FaceSet


def measure_bias(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """How often people of each group are mistaken for others, missed, or not seen at all.

    `Dataset` is an `evaluation.dataset.Dataset`, `Face` says which face counts where a picture has several,
    `Groups` names columns, `Listed` is how many of the most similar pairs are named. Answers an `Audit`
    (`evaluation.bias.BiasAudit`).
    """
    from regard.evaluation.bias import audit_bias

    dataset: Dataset = request["Dataset"]
    faces = _faces(ctx, dataset, request["Face"], "Analysing", describes=True)
    audit = audit_bias(dataset, faces, groups=request["Groups"], listed=request["Listed"])
    everyone = audit.everyone
    return {
        "Audit": audit,
        "Pictures": everyone.pictures,
        "People": everyone.people,
        "Faces": everyone.faces,
        "Groups": {column.name: len(column.groups) for column in audit.columns},
    }


def measure_watchlist(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """How many probes would be taken for somebody on a watch list, by group, at 80, 95 and 99 %.

    `Probes` and `Gallery` are `evaluation.dataset.Dataset`; the others are as in AuditBias. Answers an
    `Audit` (`evaluation.watchlist.WatchlistAudit`).
    """
    from regard.evaluation.watchlist import audit_watchlist

    probes, gallery, main = request["Probes"], request["Gallery"], request["Face"]
    audit = audit_watchlist(
        (probes, _faces(ctx, probes, main, "Probes")),
        (gallery, _faces(ctx, gallery, main, "Gallery")),
        groups=request["Groups"],
        listed=request["Listed"],
    )
    wrong = {f"{at:g}": rate.events for at, rate in audit.everyone.wrong.items()}
    return {"Audit": audit, "ProbeCount": audit.probes, "GalleryCount": audit.gallery, "Wrong": wrong}


def _faces(ctx: Context, dataset: Dataset, main: Main, step: str, *, describes: bool = False) -> FaceSet:
    """The faces of a folder, by the face model of new collections. Where it lies in a bucket, the cluster of
    the settings looks for them, if there is one.
    """
    from regard.evaluation.dataset import AGE, GENDER
    from regard.evaluation.faces import Recognizer, observe_faces

    analyzer, settings = ctx.models.faces, ctx.settings
    described = describes and any(column in dataset.columns for column in (AGE, GENDER))
    cluster = cluster_of(settings)
    if cluster is not None:
        buckets = parse_folders(settings.buckets)
        places = [place_of_file(buckets, sample.file) for sample in dataset.samples]
        shared = [place for place in places if place is not None]
        if len(shared) == len(places):
            return _faces_on(cluster, ctx, dataset, shared, main, step, describes=described)

    def load(file: Path) -> Image:
        picture = read_file(file, settings.object_bytes)
        return decode_image(picture, max_side=settings.image_side, max_pixels=settings.image_pixels)

    return observe_faces(
        dataset.samples,
        Recognizer(analyzer, ctx.face_models.default),
        load,
        main=main,
        describer=analyzer if described else None,
        workers=settings.worker_count,
        report=lambda done: ctx.report(step, done, len(dataset.samples)),
    )


def _faces_on(
    cluster: Executor,
    ctx: Context,
    dataset: Dataset,
    places: Sequence[tuple[str, str]],
    main: Main,
    step: str,
    *,
    describes: bool,
) -> FaceSet:
    """The same by a cluster. `places` are the pictures' buckets and keys."""
    from regard.evaluation.faces import FaceSet, observation_of
    from regard.operations.administration.face_task import FaceTask

    limits, model = PictureLimits.of(ctx.settings), ctx.face_models.default
    tasks = (
        FaceTask(tuple(places[first : first + cluster.grain]), limits, model.version, main, describes)
        for first in range(0, len(places), cluster.grain)
    )
    observations = []
    with closing(cluster.results(tasks)) as results:
        for sample, seen in zip(dataset.samples, chain.from_iterable(results), strict=True):
            observations.append(observation_of(sample, seen))
            ctx.report(step, len(observations), len(places))
    return FaceSet(tuple(observations), model)


OPERATIONS = (
    Operation(
        name="AuditBias",
        run=measure_bias,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("Pictures", "People", "Faces", "Groups"),
        is_own=True,
        is_local=True,
    ),
    Operation(
        name="AuditWatchlist",
        run=measure_watchlist,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("ProbeCount", "GalleryCount", "Wrong"),
        is_own=True,
        is_local=True,
    ),
)
