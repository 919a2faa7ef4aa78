"""The machine that does tasks: its models and buckets, by its own settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from regard.collections.face_models import FACE_MODELS, FaceModel
from regard.measurements import Timings
from regard.packs.install import InstalledPack, optional_network
from regard.settings import Settings
from regard.storage.buckets.objects import ObjectStore, parse_folders, parse_names
from regard.vision.custom import cells
from regard.vision.models import Models
from regard.vision.session import SessionPool, one_thread_each


@dataclass(frozen=True, slots=True)
class TaskNode:
    """What a task may use where it is done. There is no database: what a task finds, the worker keeps."""

    settings: Settings
    models: Models
    objects: ObjectStore
    face_models: Mapping[str, FaceModel] = field(default_factory=lambda: FACE_MODELS)


@cache
def node_here() -> TaskNode:
    """That of a process that does nothing but tasks, by the settings of its environment. The models are
    opened once, each when it is first run. Raises RegardError where no pack is installed.
    """
    one_thread_each()
    settings = Settings.load()
    return TaskNode(settings, Models.on(open_sessions(settings)), open_buckets(settings))


def open_buckets(settings: Settings) -> ObjectStore:
    """The buckets of some settings. Raises RegardError where a folder is missing."""
    outputs = parse_names(settings.output_buckets)
    return ObjectStore(parse_folders(settings.buckets), settings.s3_endpoint, outputs)


def open_sessions(
    settings: Settings,
    optional: Mapping[str, Callable[[], Path | None]] | None = None,
    *,
    has_models: bool = True,
    timings: Timings | None = None,
) -> SessionPool:
    """The networks of the installed packs, none of them opened yet; none without `has_models`. `optional`
    ones of the caller's, and `timings`, are as in `SessionPool`. Raises RegardError where the pack isn't
    installed.
    """
    paths = InstalledPack.load(settings.pack, settings.models).paths() if has_models else {}
    return SessionPool(
        paths,
        optional={"nudenet": lambda: optional_network("nudenet", settings.models), **(optional or {})},
        derived={cells.NETWORK: cells.DERIVED},
        timings=timings,
    )
