"""Clips that the tests draw and encode themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

Picture = np.ndarray  # (height, width, 3), uint8, RGB


def numbered(number: int, *, width: int = 160, height: int = 96) -> Picture:
    """12 fields of black and white, from which `number_of` reads the number again, however compressed."""
    picture = np.full((height, width, 3), 90, np.uint8)
    for bit in range(12):
        row, column = divmod(bit, 4)
        top, left = row * height // 3, column * width // 4
        picture[top : top + height // 3, left : left + width // 4] = 235 if number >> bit & 1 else 20
    return picture


def number_of(picture: Picture) -> int:
    height, width = picture.shape[:2]
    number = 0
    for bit in range(12):
        row, column = divmod(bit, 4)
        middle = picture[row * height // 3 + height // 6, column * width // 4 + width // 8]
        number |= int(middle.mean() > 80) << bit
    return number


def write(
    path: Path,
    pictures: Iterable[Picture],
    *,
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    ticks: Sequence[int] | None = None,
    unit: Fraction | None = None,
    form: str | None = None,
    container_options: Mapping[str, str] | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    full_range: bool = False,
    sound: bool | float = False,
) -> Path:
    """A video of `pictures`. `ticks`: their timestamps in `unit`, where the rate varies. `rotation`: degrees
    anticlockwise that a player turns them by, before it mirrors them left to right. `sound`: silence, as long
    as the pictures or so many seconds."""
    with av.open(str(path), "w", format=form, container_options=dict(container_options or {})) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.pix_fmt = pixels
        if unit is not None:
            stream.codec_context.time_base = unit
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if full_range:
            stream.codec_context.color_range = 2
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        heard = container.add_stream("aac", rate=8000, layout="mono") if sound else None
        count, packets = 0, []
        for count, picture in enumerate(pictures, start=1):
            if count == 1:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            if full_range:
                frame = frame.reformat(format=pixels, dst_color_range=2)
            frame.pts = count - 1 if ticks is None else ticks[count - 1]
            frame.time_base = unit or 1 / Fraction(rate)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        if heard is not None:
            packets += _silence(heard, count / rate if isinstance(sound, bool) else sound)
        for packet in sorted(packets, key=_decoded_at):
            container.mux(packet)
    return path


def _silence(stream: av.AudioStream, seconds: float | Fraction) -> list[av.Packet[av.AudioStream]]:
    packets = []
    for start in range(0, int(8000 * seconds), 1024):
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts, silence.time_base = 8000, start, Fraction(1, 8000)
        packets += stream.encode(silence)
    return [*packets, *stream.encode(None)]


def _decoded_at(packet: av.Packet[Any]) -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base


def tone(path: Path, *, seconds: int = 1) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        container.mux(_silence(container.add_stream("aac", rate=8000, layout="mono"), seconds))
    return path


def restamped(
    source: Path, target: Path, late: Callable[[str, int], float], *, decoding: bool = True
) -> Path:
    """The same packets with other time stamps: `late` says by how many seconds a packet comes later, given
    its stream's kind ("video", "audio") and its number in it, in decoding order. `decoding`: time stamps of
    decoding change too."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        streams = {one.index: written.add_stream_from_template(one) for one in read.streams}
        numbers = Counter[int]()
        for packet in read.demux():
            if not packet.size:
                continue
            index = packet.stream.index
            assert packet.pts is not None
            assert packet.dts is not None
            assert packet.time_base is not None
            shift = round(late(packet.stream.type, numbers[index]) / packet.time_base)
            numbers[index] += 1
            packet.pts += shift
            packet.dts += shift if decoding else 0
            packet.stream = streams[index]
            written.mux(packet)
    return target
