"""Running analyses of a stored video, alone for a job or several in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from regard.context import Context
from regard.errors import InvalidParameterException, VideoTooLargeException
from regard.jobs.records import Item, Step
from regard.operations.video.faces import CelebrityAnalysis, FaceAnalysis, FaceSearchAnalysis
from regard.operations.video.labels import LabelAnalysis, ModerationAnalysis
from regard.operations.video.persons import PersonAnalysis
from regard.operations.video.segments import SegmentAnalysis
from regard.operations.video.text import TextAnalysis
from regard.operations.videos import open_video
from regard.video.reading.frames import AudioFacts, Video, VideoError, VideoFacts, VideoLimits, VideoTooLarge
from regard.video.video_pass import Analysis, VideoPass


class Listed(Analysis[Item], Protocol):
    """An analysis that makes what a Get operation lists. `facts`: what it answers beside the list."""

    facts: dict[str, Any]


Make = Callable[[Context, Mapping[str, Any], VideoFacts], Listed]

ANALYSES: Mapping[str, Make] = {
    "start_celebrity_recognition": lambda ctx, _, __: CelebrityAnalysis(ctx),
    "start_content_moderation": lambda _, request, __: ModerationAnalysis(request),
    "start_face_detection": lambda _, request, __: FaceAnalysis(request),
    "start_face_search": lambda ctx, _, __: FaceSearchAnalysis(ctx),
    "start_label_detection": lambda ctx, request, _: LabelAnalysis(ctx, request),
    "start_person_tracking": lambda _, __, ___: PersonAnalysis(),
    "start_segment_detection": lambda _, request, facts: SegmentAnalysis(request, facts),
    "start_text_detection": lambda ctx, request, _: TextAnalysis(ctx, request),
}


def run(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The rest of one analysis, for a job. What makes a video unusable is for the client to read."""
    with open_video(ctx, request) as file:
        for steps in run_pass({ctx.operation: (ctx, request)}, file, state):
            yield steps[ctx.operation]


def run_pass(
    requests: Mapping[str, tuple[Context, Mapping[str, Any]]],
    source: Path | BinaryIO,
    state: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Step]]:
    """Several analyses of one video in one pass, place by place: by Start operation, what is new.

    Raises InvalidParameterException for what is no video, and VideoTooLargeException.
    """
    ctx = next(iter(requests.values()))[0]
    settings = ctx.settings
    limits = VideoLimits(settings.video_bytes, settings.video_minutes, settings.video_pixels)
    try:
        with Video.open(source, limits=limits) as video:
            analyses = [
                ANALYSES[operation](context, request, video.facts)
                for operation, (context, request) in requests.items()
            ]
            passing = VideoPass(video, analyses, ctx.models, threads=settings.worker_count)
            if state is not None:
                passing.restore(state)
            for reached in passing.run():
                yield {
                    operation: Step(
                        items, reached.state, reached.progress, _facts(operation, video, analysis)
                    )
                    for operation, analysis, items in zip(requests, analyses, reached.found, strict=True)
                }
    except VideoTooLarge as error:
        raise VideoTooLargeException(str(error)) from error
    except VideoError as error:
        raise InvalidParameterException(str(error)) from error


def _facts(operation: str, video: Video, analysis: Listed) -> dict[str, Any]:
    """Members of the Get answer beside its list."""
    about = _video_metadata(video.facts)
    if operation != "start_segment_detection":
        return {"VideoMetadata": about, **analysis.facts}
    audio = [_audio_metadata(stream) for stream in video.audio]
    return {"VideoMetadata": [about], "AudioMetadata": audio, **analysis.facts}


def _video_metadata(facts: VideoFacts) -> dict[str, Any]:
    return {
        "Codec": facts.codec,
        "DurationMillis": facts.duration,
        "Format": facts.container,
        "FrameRate": facts.frame_rate,
        "FrameHeight": facts.height,
        "FrameWidth": facts.width,
        "ColorRange": facts.colour_range,
    }


def _audio_metadata(facts: AudioFacts) -> dict[str, Any]:
    return {
        "Codec": facts.codec,
        "DurationMillis": facts.duration,
        "SampleRate": facts.sample_rate,
        "NumberOfChannels": facts.channels,
    }
