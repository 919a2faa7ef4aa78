"""The video again, with everything that was found marked in every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from regard.errors import RegardError
from regard.presentation.captions import Place
from regard.presentation.colours import VIDEO_COLOURS
from regard.presentation.drawing import Mark, paint
from regard.presentation.files import drafting
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.fitting import PictureClock
from regard.presentation.video.frame_marks import FrameMark, FrameMarks
from regard.presentation.video.sound import Sound
from regard.video.reading.frame import Frame
from regard.video.reading.limits import VideoError, VideoLimits
from regard.video.reading.stored_video import StoredVideo
from regard.video.reading.timecode import timecode
from regard.video.segments.cuts import CutWatch
from regard.vision.pixels import Pixels

SUFFIXES = (".mp4", ".m4v", ".mov")
_ENCODERS = {  # the first that this FFmpeg has
    "libx264": {"crf": "20", "preset": "veryfast"},
    "mpeg4": {"qmin": "3", "qmax": "5"},
}
_FINEST = Fraction(1, 60_000)  # s; the finest unit of time that MPEG-4's own encoder takes
_BT709, _BT601, _BT2020, _NAMED = 1, 6, 9, {1, 5, 6, 7, 9}  # AVColorSpace
_AROUND = 0.06  # of a box
_HD = 720  # from this height on, video that doesn't say is BT.709, as players take it
_LIMITED = 1  # AVCOL_RANGE_MPEG
_UNNAMED = 2  # of transfer and primaries: not said


def draw_video(
    found: VideoFindings, source: Path, target: Path, limits: VideoLimits, told: Callable[[float], None]
) -> str:
    """Writes every frame, upright and as large as it is displayed, with boxes, captions and its timecode, and
    the sound; answers what became of the sound, or "". `told` hears of the progress, 0 to 1.

    A side of an odd number of pixels gets one more, as H.264 has it. Raises RegardError.
    """
    try:
        with (
            drafting(target) as draft,
            StoredVideo.open(source, limits=limits) as video,
            av.open(str(draft), "w", format="mov" if target.suffix == ".mov" else "mp4") as container,
        ):
            sound = _write(found, source, video, limits, container, told)
    except VideoError as error:
        raise RegardError(str(error)) from error
    except av.FFmpegError as error:
        raise RegardError(f"{target} can't be encoded: {error.strerror}.") from error
    return sound


def _write(
    found: VideoFindings,
    source: Path,
    video: StoredVideo,
    limits: VideoLimits,
    container: OutputContainer,
    told: Callable[[float], None],
) -> str:
    facts = video.facts
    marks_of_frames = FrameMarks(found, _changes(video), facts.width, facts.height)
    places: dict[int, Place] = {}
    last = -1
    length = Fraction(video.duration or 0, 1000)
    frames = video.frames()
    first = next(frames)  # there is one in every video that can be opened
    picture = _Picture(container, video, first)
    with Sound.open(source, limits, container, picture.origin) as sound:
        for frame in chain([first], frames):
            shown = marks_of_frames.at(frame.timestamp)
            canvas = Image.fromarray(frame.image.pixels)
            placed = paint(
                canvas,
                [_mark(one, facts.width, facts.height) for one in shown],
                kept=[places.get(one.number) for one in shown],
                corner=timecode(frame.number, facts.frame_rate),
            )
            places = {
                one.number: place for one, place in zip(shown, placed, strict=True) if place is not None
            }
            last = picture.write(frame, np.asarray(canvas), last)
            sound.copy_until(picture.clock(frame, length))
            told(min(frame.timestamp / max(video.duration or 0, 1), 1.0))
        picture.finish()
        sound.copy_until(picture.clock(None, length))
        return sound.outcome


def _changes(video: StoredVideo) -> Iterator[tuple[int, bool]]:
    """Decodes it once more, ahead of what is drawn: so that few frames are in memory."""
    watch = CutWatch()
    for frame in video.frames():
        yield frame.timestamp, watch.add(frame.thumbnail)


def _mark(one: FrameMark, width: int, height: int) -> Mark:
    left, top, right, bottom = one.box
    if one.kind == "celebrity":  # around the face that is marked too
        across, down = _AROUND * (right - left), _AROUND * (bottom - top)
        left, top, right, bottom = left - across, top - down, right + across, bottom + down
    box = {
        "Left": left / width,
        "Top": top / height,
        "Width": (right - left) / width,
        "Height": (bottom - top) / height,
    }
    brief = one.name.split()[-1] if one.kind in ("person", "face") else ""
    return Mark(box, one.name, colour=VIDEO_COLOURS[one.kind], brief=brief)


class _Picture:
    """The stream of pictures. `origin`: the first frame's time in the source, s."""

    def __init__(self, container: OutputContainer, video: StoredVideo, first: Frame) -> None:
        self._container, self._reformatter = container, VideoReformatter()
        decoded = first.decoded
        rate = Fraction(video.facts.frame_rate).limit_denominator(1001)
        name = next(name for name in _ENCODERS if name in av.codecs_available)
        self._stream = cast(VideoStream, container.add_stream(name, rate=rate, options=dict(_ENCODERS[name])))
        unit = decoded.time_base or Fraction(1, 90_000)
        self._unit = unit if name == "libx264" else max(unit, _FINEST)
        self.origin = _seconds(decoded)
        self._shift = -(self.origin or Fraction(0))  # from times in the source to those of the new video, s
        stream, context = self._stream, self._stream.codec_context
        stream.width, stream.height = (side + side % 2 for side in (video.facts.width, video.facts.height))
        stream.pix_fmt = "yuv420p"
        context.time_base = self._unit
        if decoded.colorspace in _NAMED:
            self._colours = int(decoded.colorspace)
        else:
            self._colours = _BT709 if decoded.height >= _HD else _BT601
        context.colorspace, context.color_range = self._colours, _LIMITED
        context.color_primaries, context.color_trc = decoded.color_primaries, decoded.color_trc

    def write(self, frame: Frame, pixels: Pixels, last: int) -> int:
        """Encodes a frame at its own time; answers that in units. `last` is that of the frame before."""
        height, width = pixels.shape[:2]
        odd = ((0, height % 2), (0, width % 2), (0, 0))
        picture = VideoFrame.from_ndarray(np.pad(pixels, odd, "edge") if height % 2 or width % 2 else pixels)
        picture = self._reformatter.reformat(
            picture, format="yuv420p", dst_colorspace=self._colours, dst_color_range=_LIMITED
        )
        picture.pts, picture.time_base = max(round(self._time(frame) / self._unit), last + 1), self._unit
        self._container.mux(self._stream.encode(picture))
        return int(picture.pts)

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))

    def clock(self, frame: Frame | None, length: Fraction) -> PictureClock:
        """How far the pictures are with that frame, or after the last; `length`: how long they are, s."""
        own = None if frame is None else _seconds(frame.decoded)
        time = None if frame is None else self._time(frame)
        if time is not None and own is not None:
            self._shift = time - own
        return PictureClock(time, self._shift, length)

    def _time(self, frame: Frame) -> Fraction:
        """From the first frame, s, as exactly as the file has it."""
        rounded = Fraction(frame.timestamp, 1000)
        own = _seconds(frame.decoded)
        if own is None or self.origin is None or not 0 <= own - self.origin - rounded < Fraction(1, 1000):
            return rounded
        return own - self.origin


def _seconds(decoded: VideoFrame) -> Fraction | None:
    if decoded.pts is None or not decoded.time_base:
        return None
    return decoded.pts * decoded.time_base
