"""A film whose frames the machines of a cluster read and search, for a pass that observes them in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.operations.inputs.videos import place_of, video_facts
from regard.settings import Settings
from regard.tasks.executor import Executor
from regard.tasks.stretch_task import FilmPlace, StretchTask
from regard.video.reading.decoding import DecodedSource
from regard.video.reading.limits import VideoLimits
from regard.video.stretches.demand import FrameDemand
from regard.video.stretches.film_stretch import FilmStretch, FoundStretch, embedded_by, stretch_length
from regard.video.stretches.frames_elsewhere import FramesElsewhere
from regard.video.video_pass import STEP


def film_place(ctx: Context, request: Mapping[str, Any]) -> FilmPlace:
    """Where the machines of a cluster find the video of a Start request. Raises what `check_video` raises."""
    return FilmPlace(*place_of(request), video_facts(ctx, request).tag)


def limits_of(settings: Settings) -> VideoLimits:
    return VideoLimits(settings.video_bytes, settings.video_minutes, settings.video_pixels)


def find_on(
    cluster: Executor,
    film: FilmPlace,
    video: DecodedSource,
    demands: Sequence[FrameDemand],
    ctx: Context,
    *,
    step: int = STEP,
) -> FramesElsewhere:
    """Frames of `video`, which is the film as this process reads it, with what the cluster finds in them."""
    limits = limits_of(ctx.settings)

    def find(stretches: Iterable[FilmStretch]) -> Generator[FoundStretch]:
        tasks = (StretchTask(film, limits, stretch, tuple(demands)) for stretch in stretches)
        return cluster.results(tasks)

    face_models = {version: ctx.face_models.of(version) for version in embedded_by(demands)}
    length = stretch_length(video.duration, cluster.slots, step)
    return FramesElsewhere(video, demands, find, ctx.models, face_models, step=step, length=length)
