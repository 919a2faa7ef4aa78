"""Live sources that FFmpeg demuxes: RTSP, RTMP, HLS, MJPEG and video over HTTP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from regard.video.live.address import SourceAddress, SourceKind
from regard.video.live.clock import Stamp
from regard.video.live.failures import SourceFailed
from regard.video.live.feeds import Alive, Feed, FeedFacts, TimedPicture, decoded, stamped
from regard.video.live.hls_parts import GiveUp, HlsParts
from regard.video.live.http_opening import HttpFile, HttpOpener
from regard.video.live.networks import AllowedNetworks
from regard.video.live.source_relay import SourceRelay
from regard.video.live.trust import SourceTrust
from regard.video.reading.limits import VideoLimits

_TIMEOUTS = (8.0, 3.0)  # s, to open and for each packet; PyAV's own, which end a demuxer that hangs
_PIXELS = {"max_pixels": str(2 * VideoLimits().pixels)}
_SOON = {"analyzeduration": "200000", "fpsprobesize": "0"}  # µs; its defaults wait for seconds
_RTSP = {"rtsp_transport": "tcp", "timeout": "2000000", **_SOON}
_HLS = {"live_start_index": "-1", "http_persistent": "0", "extension_picky": "0", "allowed_extensions": "ALL"}
_BUFFER = 4096  # bytes read at a time: none waits for a larger piece to fill
_FILES = "mov,matroska,mpegts,flv"  # what else a camera's or a restreamer's URL may give
_SINGLE = {"image/jpeg", "image/png"}
_NO_VIDEO = "It sends no video."
_FASTEST = 1000.0  # frames a second that are believed


class FfmpegFeed(Feed):
    """A container that FFmpeg has opened."""

    def __init__(self, container: InputContainer, *, bursts: bool, by_arrival: bool = False) -> None:
        """`by_arrival`: its time stamps are invented. Raises SourceFailed where it has no video."""
        self._container, self._by_arrival = container, by_arrival
        streams = [one for one in container.streams.video if one.codec_context is not None]
        if not streams:
            raise SourceFailed(_NO_VIDEO)
        best = container.streams.best("video")
        self._stream = next((one for one in streams if one is best), streams[0])
        self._stream.codec_context.options = _PIXELS
        self._stream.codec_context.thread_count = 1
        aspect = float(self._stream.sample_aspect_ratio or 0)
        self.facts = FeedFacts(self._stream.codec_context.name, self._rate(), aspect, bursts)
        self._ahead: tuple[int, float] | None = (
            None  # a time stamp, and when it was sent by the sender's clock
        )

    def pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        are_apart = self._stream.codec_context.codec.intra_only
        for packet in self._container.demux(self._stream):
            alive()
            self._hear(packet)
            if not are_apart:
                for frame in self._decoded(packet if packet.size else None):
                    yield decoded(frame, self._stamp(frame.pts, is_key=bool(frame.key_frame)))
            elif packet.size:
                yield TimedPicture(partial(self._single, packet), self._stamp(packet.pts, is_key=True))

    def _decoded(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """What comes out of the decoder; nothing where a picture was damaged on its way."""
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.error.InvalidDataError:
            return []
        return [frame for frame in frames if not frame.is_corrupt]

    def _single(self, packet: Packet[Any]) -> VideoFrame | None:
        return next(iter(self._decoded(packet)), None)

    def _stamp(self, pts: int | None, *, is_key: bool) -> Stamp:
        base = self._stream.time_base
        media = None if self._by_arrival or pts is None or base is None else float(pts * base)
        return stamped(media, sent=self._sent(pts), is_key=is_key)

    def close(self) -> None:
        self._container.close()

    def _rate(self) -> float | None:
        rates = (self._stream.average_rate, self._stream.guessed_rate)
        known = (float(rate) for rate in rates if rate is not None and 0 < rate <= _FASTEST)
        return None if self._by_arrival else next(known, None)

    def _hear(self, packet: Packet[Any]) -> None:
        """What the packet says of the sender's clock: AVProducerReferenceTime, µs since 1970."""
        if packet.pts is not None and packet.has_sidedata("prft"):
            data = bytes(packet.get_sidedata("prft"))
            if len(data) >= 8:
                self._ahead = packet.pts, struct.unpack_from("<q", data)[0] / 1e6

    def _sent(self, pts: int | None) -> float | None:
        base = self._stream.time_base
        if pts is None or base is None or self._by_arrival:
            return None
        if self._ahead is not None:
            return self._ahead[1] + float((pts - self._ahead[0]) * base)
        start = self._container.start_time_realtime
        if start is None or start <= 0:
            return None
        return start / 1e6 + float(pts * base) - (self._stream.start_time or 0) * float(base)


def open_rtsp(address: SourceAddress, networks: AllowedNetworks, trust: SourceTrust, give_up: GiveUp) -> Feed:
    """RTSP over TCP. `give_up` is told of a redirect.

    Raises SourceRefused, SourceFailed, OSError, and whatever FFmpeg raises.
    """
    url = _relayed(address, networks, trust, give_up, scheme="rtsp")
    container = av.open(url, mode="r", timeout=_TIMEOUTS, options={**_RTSP, **_PIXELS})
    return _closed_unless_fed(container, bursts=False)


def open_rtmp(address: SourceAddress, networks: AllowedNetworks, trust: SourceTrust, give_up: GiveUp) -> Feed:
    """RTMP. Raises SourceRefused, SourceFailed, OSError, and whatever FFmpeg raises."""
    url = _relayed(address, networks, trust, give_up, scheme="rtmp")
    options = {"rtmp_tcurl": _tcurl(address), "rtmp_live": "live", **_SOON, **_PIXELS}
    container = av.open(url, mode="r", timeout=_TIMEOUTS, options=options)
    return _closed_unless_fed(container, bursts=False)


def _relayed(
    address: SourceAddress, networks: AllowedNetworks, trust: SourceTrust, give_up: GiveUp, *, scheme: str
) -> str:
    """The URL with its user and password, at a relay that leads to the address that was checked."""
    url = urlsplit(address.url)
    secure = None if url.scheme == scheme else trust.context(is_checked=address.is_checked)
    relay = SourceRelay(address.host, address.port, networks, secure=secure, refuse=give_up)
    credentials, at, _ = url.netloc.rpartition("@")
    return urlunsplit(url._replace(scheme=scheme, netloc=f"{credentials}{at}127.0.0.1:{relay.port}"))


def open_http(address: SourceAddress, networks: AllowedNetworks, trust: SourceTrust, give_up: GiveUp) -> Feed:
    """HLS, MJPEG, or video in one answer that doesn't end, by what the server says it is.

    `give_up` is told of what a playlist names and may not be read: FFmpeg would go on to the next segment.

    Raises SourceRefused, SourceFailed, and whatever FFmpeg raises.
    """
    opener = HttpOpener(address, networks, trust)
    file = opener.open(opener.url)
    if address.kind is SourceKind.HLS or file.is_playlist:
        file.close()
        return _hls(opener, give_up)
    if file.kind in _SINGLE:
        file.close()
        raise SourceFailed("It sends a single picture: give the URL of its stream.")
    is_mjpeg = file.kind.startswith("multipart/")
    options = {"format": "mpjpeg"} if is_mjpeg else {"container_options": {"format_whitelist": _FILES}}
    try:
        container = av.open(
            file,
            mode="r",
            timeout=_TIMEOUTS,
            options={**_SOON, **_PIXELS},
            io_open=_no_further,
            buffer_size=_BUFFER,
            **options,
        )
    except BaseException:
        file.close()
        raise
    return _closed_unless_fed(container, bursts=not is_mjpeg, by_arrival=is_mjpeg)


def _hls(opener: HttpOpener, give_up: GiveUp) -> Feed:
    container = av.open(
        opener.url,
        mode="r",
        format="hls",
        timeout=_TIMEOUTS,
        options={**_HLS, **_PIXELS},
        io_open=HlsParts(opener, give_up).open,
    )
    return _closed_unless_fed(container, bursts=True)


def _closed_unless_fed(container: InputContainer, *, bursts: bool, by_arrival: bool = False) -> Feed:
    try:
        return FfmpegFeed(container, bursts=bursts, by_arrival=by_arrival)
    except BaseException:
        container.close()
        raise


def _no_further(*_: object) -> HttpFile:
    raise SourceFailed("It names further files, which are not read.")


def _tcurl(address: SourceAddress) -> str:
    """What an RTMP server is told that it is called: the application by the name of its host."""
    url = urlsplit(address.bare_url)
    return urlunsplit(url._replace(path="/" + url.path.strip("/").partition("/")[0], query=""))
