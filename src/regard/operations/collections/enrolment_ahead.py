"""Pictures that the machines of a cluster examine before IndexFaces is asked to enrol their faces.

They find, and nothing else: each request is admitted, answered and recorded by this process, in its turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from regard.context import Context
from regard.errors import ServiceError
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.collections.enrolment_task import EnrolmentTask
from regard.operations.collections.face_choice import FaceChoice
from regard.tasks.executor import Executor
from regard.vision.faces.embedding import FaceEmbedder
from regard.vision.findings import Pictures
from regard.vision.models import Models

Request = Mapping[str, Any]
"""Of IndexFaces. Its Image names the object of a bucket that the picture is, in whichever form it will be
sent, and is left out where no other machine has the picture.
"""


_NOTHING = EnrolmentTask((), PictureLimits(0, 0, 0), FaceChoice("NONE", None, alone=False), ())


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some requests, of which `handed` says whether the picture is in the task, and who embeds its faces."""

    handed: Sequence[bool]
    task: EnrolmentTask = _NOTHING
    embedders: Mapping[str, FaceEmbedder] = field(default_factory=dict)


def pictures_ahead(
    cluster: Executor,
    models: Models,
    requests: Iterable[Request],
    foresee: Callable[[Request], Context],
) -> Generator[Pictures]:
    """For each request, in their order, what it is to share with the gate: its picture as a machine has seen
    it, or nothing yet. All are on one collection, and choose faces in one way.

    `foresee` raises ServiceError where one may not be made. No machine sees a picture that may not be
    enrolled, or whose person has not consented; the request itself is told why. As soon as requests are
    refused before their pictures are opened (a quota is used up), no more are handed out until one is opened.
    Raises InternalServerError where the cluster fails.
    """
    under_way: deque[_Batch] = deque()
    opens = True

    def tasks() -> Iterator[EnrolmentTask]:
        waiting = iter(requests)
        while some := list(islice(waiting, cluster.grain)):
            under_way.append(_batch(some, foresee) if opens else _Batch([False] * len(some)))
            yield under_way[-1].task

    with closing(cluster.results(tasks())) as results:
        for given in results:
            batch, found = under_way.popleft(), iter(given)
            opened = False
            for is_handed in batch.handed:
                seen = next(found) if is_handed else None
                pictures = Pictures(models, [] if seen is None else [seen], batch.embedders)
                yield pictures
                opened = opened or pictures.has_opened
            opens = opened


def _batch(some: Sequence[Request], foresee: Callable[[Request], Context]) -> _Batch:
    try:
        ctx = foresee(some[0])
        collection = ctx.collection
        face_models = [one for one in (ctx.face_model, ctx.next_face_model) if one is not None]
        embedders = {one.version: one.embedder for one in face_models}
    except ServiceError:  # as whoever makes the requests will be told, one by one
        return _Batch([False] * len(some))
    faces = ctx.stores.privacy.faces
    needs_consent = faces.needs_consent(collection)
    allowed = [True] * len(some)
    if needs_consent:
        subjects = [one.get("ExternalImageId", "") for one in some]
        consenting = faces.consenting(collection, subjects)
        allowed = [subject in consenting for subject in subjects]
    handed = ["S3Object" in one["Image"] and may for one, may in zip(some, allowed, strict=True)]
    objects = [one["Image"]["S3Object"] for one, is_handed in zip(some, handed, strict=True) if is_handed]
    task = EnrolmentTask(
        tuple((one["Bucket"], one["Name"]) for one in objects),
        PictureLimits.of(ctx.settings),
        FaceChoice.of(some[0], alone=needs_consent),
        tuple(embedders),
    )
    return _Batch(handed, task, embedders)
