"""A stretch of a film in a bucket, as a task."""

from __future__ import annotations

from dataclasses import dataclass

from regard.errors import InvalidS3ObjectException
from regard.tasks.task_node import TaskNode
from regard.video.reading.limits import VideoLimits
from regard.video.reading.stored_video import StoredVideo
from regard.video.stretches.demand import FrameDemand
from regard.video.stretches.film_stretch import FilmStretch, FoundStretch, find_stretch


@dataclass(frozen=True, slots=True)
class FilmPlace:
    """Where a film is: bucket, name and version, and the tag by which it is told from one in its place."""

    bucket: str
    name: str
    version: str | None
    tag: str


@dataclass(frozen=True, slots=True)
class StretchTask:
    """All that some analyses need of a stretch."""

    film: FilmPlace
    limits: VideoLimits
    stretch: FilmStretch
    demands: tuple[FrameDemand, ...]

    def run(self, node: TaskNode) -> FoundStretch:
        """Raises what opening and reading the film raise; InvalidS3ObjectException where it was replaced."""
        film = self.film
        place = film.bucket, film.name, film.version
        with node.objects.open_video(*place, limit=self.limits.size) as file:
            if node.objects.facts(*place, limit=self.limits.size).tag != film.tag:
                raise InvalidS3ObjectException(
                    "The video was replaced while it was analysed, or a machine of the cluster has another "
                    "one in its place."
                )
            with StoredVideo.open(file, limits=self.limits) as video:
                return find_stretch(video, self.stretch, self.demands, node.models, node.face_models)
