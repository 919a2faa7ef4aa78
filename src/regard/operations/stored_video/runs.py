"""Running analyses of a stored video, alone for a job or several in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from regard.context import Context
from regard.errors import InvalidParameterException, ResourceNotReadyException, VideoTooLargeException
from regard.jobs.records import Item, Job, Step
from regard.operations.inputs.videos import open_video, video_facts
from regard.operations.stored_video.listing import Listing
from regard.operations.stored_video.side_by_side import film_place, find_on, limits_of
from regard.packs.manifest import PackError
from regard.tasks.choice import cluster_of
from regard.tasks.executor import Executor
from regard.tasks.stretch_task import FilmPlace
from regard.video.reading.decoding import DecodedSource
from regard.video.reading.facts import AudioFacts, VideoFacts
from regard.video.reading.limits import VideoError, VideoTooLarge
from regard.video.reading.opening import open_source
from regard.video.reading.source import FrameSource
from regard.video.stretches.demand import FrameDemand
from regard.video.stretches.frame_finder import FrameFinder
from regard.video.video_pass import Analysis, VideoPass


class Listed(Analysis[Item], Protocol):
    """An analysis that makes what a Get operation lists. `facts`: what it answers beside the list."""

    facts: dict[str, Any]


Make = Callable[[Context, Mapping[str, Any], FrameSource], Listed]


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """What the jobs of one Start operation do to a stored video.

    `make` gives an analysis for a request and the source of its frames; `listing` is how its Get operation
    lists what it found. `has_streams` says that the answer describes each stream of the file.
    """

    make: Make
    listing: Listing
    has_streams: bool = False

    def __call__(self, ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
        """The rest of the analysis, for a job. What makes a video unusable is for the client to read; another
        film in the place of the one that was begun is InvalidS3ObjectException.
        """
        cluster = cluster_of(ctx.settings)
        film = None if cluster is None else film_place(ctx, request)
        content = (state or {}).get("film") or video_facts(ctx, request).content
        with open_video(ctx, request, content=content) as file:
            requests = {ctx.operation: (self, ctx, request)}
            for steps in run_pass(requests, file, state, cluster=cluster, film=film):
                step = steps[ctx.operation]
                yield replace(step, state={**step.state, "film": content}, film=content)


Requests = Mapping[str, tuple[StoredAnalysis, Context, Mapping[str, Any]]]
"""By Start operation, what is to be done, in which context, and the request."""


def run_pass(
    requests: Requests,
    source: Path | BinaryIO,
    state: Mapping[str, Any] | None = None,
    *,
    cluster: Executor | None = None,
    film: FilmPlace | None = None,
) -> Iterator[dict[str, Step]]:
    """Several analyses of one video in one pass, place by place: by Start operation, what is new. A `source`
    that can't be sought is read as it comes. The machines of a `cluster` find what is in the frames of a
    `film`, which they read themselves; the steps are the same.

    Raises InvalidParameterException for what is no video, VideoTooLargeException, and
    ResourceNotReadyException where a model is there and damaged.
    """
    _, ctx, _ = next(iter(requests.values()))
    settings = ctx.settings
    limits = limits_of(settings)
    try:
        with open_source(source, limits=limits) as video:
            analyses = [
                analysis.make(context, request, video) for analysis, context, request in requests.values()
            ]
            finder: FrameFinder | None = None
            if cluster is not None and film is not None and isinstance(video, DecodedSource):
                finder = find_on(cluster, film, video, [FrameDemand.of(one) for one in analyses], ctx)
            passing = VideoPass(video, analyses, ctx.models, threads=settings.worker_count, finder=finder)
            if state is not None:
                passing.restore(state)
            for reached in passing.run():
                yield {
                    operation: Step(
                        items,
                        reached.state,
                        reached.progress,
                        _facts(video, analysis, has_streams=requests[operation][0].has_streams),
                    )
                    for operation, analysis, items in zip(requests, analyses, reached.found, strict=True)
                }
    except PackError as error:
        raise ResourceNotReadyException(str(error)) from error
    except VideoTooLarge as error:
        raise VideoTooLargeException(str(error)) from error
    except VideoError as error:
        raise InvalidParameterException(str(error)) from error


def milliseconds_done(job: Job | Step) -> int:
    """How much of the video an analysis has done, by its progress; 0 while nobody knows how long it is."""
    about = job.facts.get("VideoMetadata") or {}
    video = about[0] if isinstance(about, list) else about
    return round(job.progress * int(video.get("DurationMillis", 0)))


def _facts(video: FrameSource, analysis: Listed, *, has_streams: bool) -> dict[str, Any]:
    """Members of the Get answer beside its list."""
    about = _video_metadata(video.facts, video.duration)
    if not has_streams:
        return {"VideoMetadata": about, **analysis.facts}
    audio = [_audio_metadata(stream) for stream in video.audio]
    return {"VideoMetadata": [about], "AudioMetadata": audio, **analysis.facts}


def _video_metadata(facts: VideoFacts, duration: int | None) -> dict[str, Any]:
    return {
        "Codec": facts.codec,
        **({} if duration is None else {"DurationMillis": duration}),
        "Format": facts.container,
        "FrameRate": facts.frame_rate,
        "FrameHeight": facts.height,
        "FrameWidth": facts.width,
        "ColorRange": facts.colour_range,
    }


def _audio_metadata(facts: AudioFacts) -> dict[str, Any]:
    return {
        "Codec": facts.codec,
        **({} if facts.duration is None else {"DurationMillis": facts.duration}),
        "SampleRate": facts.sample_rate,
        "NumberOfChannels": facts.channels,
    }
