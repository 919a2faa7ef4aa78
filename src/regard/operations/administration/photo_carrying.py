"""Carrying faces to another face model, photo by photo: by threads here, or, where the photos are in buckets,
by the machines of a cluster. What is made is kept by this process, a photo's in one transaction.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from regard.collections.face_models import FaceModel
from regard.collections.records import Collection, StoredFace
from regard.context import Context
from regard.errors import RegardError
from regard.operations.administration.vector_task import (
    DigestTask,
    FoundVectors,
    PhotoDigest,
    SoughtPhoto,
    VectorTask,
    WantedFaces,
    vectors_in,
)
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.inputs.photos import KeptPhoto
from regard.tasks.choice import cluster_of
from regard.tasks.executor import Executor

_DIGESTS = 32  # photos of a task that only reads
_NO_FACE = "No face was found at its place in {}."

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class CollectionUpgrade:
    """What is upgraded, to the model `new`. `by_name`: photos that were saved anew are found by their names,
    and faces in them by their vectors of the model `old`.
    """

    collection: Collection
    new: FaceModel
    old: FaceModel
    by_name: bool


@dataclass(frozen=True, slots=True)
class CarriedPhoto:
    """What came of a photo: how many faces have a vector by it, and why others of it have none, by FaceId;
    or the `problem` with the photo itself.
    """

    photo: str
    faces: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _SoughtFaces:
    """Faces without a vector that a photo should show: known by its bytes, or, `is_named`, by its name."""

    faces: Sequence[StoredFace]
    wanted: WantedFaces
    is_named: bool


def carried_photos(
    ctx: Context, upgrade: CollectionUpgrade, photos: Sequence[KeptPhoto]
) -> Generator[CarriedPhoto]:
    """What comes of each photo, as it comes. Those in buckets the cluster of the settings analyses, if there
    is one; those in a folder, which other machines may not have, this process. Raises InternalServerError
    where the cluster fails.
    """
    cluster = cluster_of(ctx.settings)
    shared = [] if cluster is None else [one for one in photos if one.place is not None]
    own = photos if cluster is None else [one for one in photos if one.place is None]
    here = _in_parallel(lambda photo: _carry(ctx, upgrade, photo), own, ctx.settings.worker_count)
    with closing(here):
        yield from here
    if cluster is not None:
        yield from _carried_on(cluster, ctx, upgrade, shared)


def _carry(ctx: Context, upgrade: CollectionUpgrade, photo: KeptPhoto) -> CarriedPhoto:
    try:
        content = photo.read()
    except RegardError as error:
        return CarriedPhoto(photo.name, problem=str(error))
    sought = _sought(ctx, upgrade, photo, hashlib.sha256(content).hexdigest())
    if sought is None:
        return CarriedPhoto(photo.name)
    limits = PictureLimits.of(ctx.settings)
    found = vectors_in(content, sought.wanted, ctx.models, upgrade.old, upgrade.new, limits)
    return _kept(ctx, upgrade, photo, sought, found)


def _carried_on(
    cluster: Executor, ctx: Context, upgrade: CollectionUpgrade, photos: Sequence[KeptPhoto]
) -> Generator[CarriedPhoto]:
    """The same of photos in buckets. They are read twice there, so that those of nobody who is missing are
    not analysed: who is missing the database knows, which is here.
    """
    limits = PictureLimits.of(ctx.settings)
    settled: deque[CarriedPhoto] = deque()
    under_way: deque[list[tuple[KeptPhoto, _SoughtFaces]]] = deque()

    def sought(read: Iterator[PhotoDigest]) -> Iterator[tuple[KeptPhoto, str, _SoughtFaces]]:
        for photo, one in zip(photos, read, strict=True):
            faces = None if one.problem else _sought(ctx, upgrade, photo, one.digest)
            if faces is None:
                settled.append(CarriedPhoto(photo.name, problem=one.problem))
            else:
                yield photo, one.digest, faces

    def tasks(read: Iterator[PhotoDigest]) -> Iterator[VectorTask]:
        found = sought(read)
        while some := list(islice(found, cluster.grain)):
            under_way.append([(photo, faces) for photo, _, faces in some])
            pictures = [SoughtPhoto(*_place(photo), digest, faces.wanted) for photo, digest, faces in some]
            yield VectorTask(tuple(pictures), limits, upgrade.old.version, upgrade.new.version)

    places = [_place(photo) for photo in photos]
    reading = (
        DigestTask(tuple(places[first : first + _DIGESTS]), limits.size)
        for first in range(0, len(places), _DIGESTS)
    )
    with (
        closing(cluster.results(reading)) as digests,
        closing(cluster.results(tasks(chain.from_iterable(digests)))) as results,
    ):
        for found in results:
            while settled:
                yield settled.popleft()
            for (photo, faces), one in zip(under_way.popleft(), found, strict=True):
                yield _kept(ctx, upgrade, photo, faces, one)
    yield from settled


def _place(photo: KeptPhoto) -> tuple[str, str]:
    if photo.place is None:
        raise ValueError(f"{photo.name} is in no bucket.")
    return photo.place


def _sought(ctx: Context, upgrade: CollectionUpgrade, photo: KeptPhoto, digest: str) -> _SoughtFaces | None:
    """Who is missing that a photo of this SHA-256, hex, should show; None where that is nobody."""
    upgrades = ctx.stores.upgrades
    if faces := upgrades.missing_of_image(upgrade.collection, digest):
        return _SoughtFaces(faces, WantedFaces(tuple(face.box for face in faces)), is_named=False)
    named = upgrades.missing_named(upgrade.collection, photo.names) if upgrade.by_name else []
    if not named:
        return None
    faces, vectors = [face for face, _ in named], np.stack([vector for _, vector in named])
    return _SoughtFaces(faces, WantedFaces(tuple(face.box for face in faces), vectors), is_named=True)


def _kept(
    ctx: Context, upgrade: CollectionUpgrade, photo: KeptPhoto, sought: _SoughtFaces, found: FoundVectors
) -> CarriedPhoto:
    """Keeps what was found in a photo."""
    if found.problem is not None:
        told = {} if sought.is_named else _told(sought.faces, f"{photo.name}: {found.problem}")
        return CarriedPhoto(photo.name, reasons=told, problem=found.problem)
    rows = {sought.faces[place].row: vector for place, vector in found.vectors.items()}
    carried = ctx.stores.upgrades.put(upgrade.collection, rows) if rows else 0
    lost = [face for place, face in enumerate(sought.faces) if place not in found.vectors]
    reasons = {} if sought.is_named else _told(lost, _NO_FACE.format(photo.name))
    return CarriedPhoto(photo.name, carried, reasons)


def _told(faces: Iterable[StoredFace], reason: str) -> dict[str, str]:
    return dict.fromkeys((face.face_id for face in faces), reason)


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
