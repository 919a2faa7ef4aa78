"""Frames of a film whose stretches are found side by side, on whichever machines, joined in their order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing

from regard.collections.face_models import FaceModel
from regard.video.reading.decoding import DecodedSource
from regard.video.reading.frame import Frame
from regard.video.reading.limits import VideoError
from regard.video.stretches.demand import FrameDemand
from regard.video.stretches.film_stretch import FilmStretch, FoundStretch, embedded_by
from regard.video.stretches.frame_finder import FoundFrame
from regard.video.stretches.sent_frame import SentFrame
from regard.vision.findings import PictureFindings
from regard.vision.models import Models

FindStretches = Callable[[Iterable[FilmStretch]], Generator[FoundStretch]]
"""What is found in stretches, in their order; takes them as it gets on."""


class FramesElsewhere:
    """Hands out stretches of `length` ms, a multiple of `step`, and gives their frames as if they had been
    read here. What an analysis asks for that no stretch has sent is found here, from the film itself:
    `read_here` counts the frames of which that was so.
    """

    def __init__(
        self,
        video: DecodedSource,
        demands: Sequence[FrameDemand],
        find: FindStretches,
        models: Models,
        face_models: Mapping[str, FaceModel],
        *,
        step: int,
        length: int,
    ) -> None:
        self._video, self._find, self._models = video, find, models
        self._embedders = {name: face_models[name].embedder for name in embedded_by(demands)}
        self._step, self._length = step, length
        self.read_here = 0

    def frames(self, after: int) -> Generator[FoundFrame]:
        with closing(self._find(self._stretches(after))) as stretches:
            for found in stretches:
                yield from self._frames_of(found)
                if found.extent is not None:
                    self._video.learn(found.extent)

    def _stretches(self, after: int) -> Iterator[FilmStretch]:
        """The last has no end: how long a film really is, turns out when it is read."""
        duration = self._video.duration or 0
        while True:
            until = (after + 1) // self._length * self._length + self._length
            if until >= duration:
                yield FilmStretch(after, None, self._step)
                return
            yield FilmStretch(after, until, self._step)
            after = until - 1

    def _frames_of(self, found: FoundStretch) -> Iterator[FoundFrame]:
        size = self._video.facts.width, self._video.facts.height
        last: tuple[int, PictureFindings] | None = None
        for row, place in enumerate(found.findings.tolist()):
            thumbnail = None if found.thumbnails is None else found.thumbnails[row]
            frame = SentFrame(
                int(found.numbers[row]),
                int(found.timestamps[row]),
                size,
                thumbnail,
                found.shares.get(row, {}),
                self._read,
            )
            findings = None
            if place >= 0:
                if last is None or last[0] != place:
                    sent = found.sent[place]
                    image = frame.image
                    last = place, PictureFindings.received(sent, image, self._models, self._embedders)
                findings = last[1]
            yield FoundFrame(frame, findings)

    def _read(self, timestamp: int) -> Frame:
        self.read_here += 1
        for frame in self._video.frames(start=timestamp):
            if frame.timestamp == timestamp:
                return frame
            break
        raise VideoError("The video was read twice and had other frames the second time.")
