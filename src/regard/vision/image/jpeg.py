"""JPEG files: the segments that pixels need, and how much of the picture a file holds that is cut off.

Names and numbers of markers are those of ITU-T T.81, annex B.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from regard.vision.image.encoded import Decoded, Encoded, check_share
from regard.vision.image.orientation import orientation_of
from regard.vision.image.picture import UnsupportedImage

SIGNATURE, END = b"\xff\xd8\xff", b"\xff\xd9"
MAX_SEGMENTS = 10_000
MAX_SCANS = 100  # each goes over the whole picture, though it be a few bytes long
MAX_REDUCTION = 8  # of libjpeg, which divides sides by 1, 2, 4 or 8 while it decodes
_SCAN = b"\xff\xda"
_JFIF, _EXIF, _XMP, _ADOBE = b"JFIF\0", b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"Adobe"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_NEEDED = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD}  # frames, tables and the restart interval
_NAMED = {0xE0: _JFIF, 0xEE: _ADOBE}  # they say what the components are


@dataclass(frozen=True, slots=True)
class _Scan:
    """Coefficients of some components: the `first` of them (0: a block's average), or more bits of them."""

    components: frozenset[int]
    first: int
    refines: bool


def read_jpeg(data: bytes) -> Encoded:
    """What of a JPEG is the picture. Segments that pixels don't need are passed over.

    Raises UnsupportedImage.
    """
    kept, exif, xmp, body = [SIGNATURE[:2]], b"", b"", b""
    frame: bytes | None = None
    for marker, begin, end in _segments(data):
        content = data[begin + 4 : end]
        if marker == 0xDA:
            body = data[begin:]
        elif marker in _NEEDED or (marker in _NAMED and content.startswith(_NAMED[marker])):
            kept.append(data[begin:end])
        elif marker == 0xE1 and content.startswith(_EXIF):
            exif = exif or content[6:]
        elif marker == 0xE1 and content.startswith(_XMP):
            xmp = xmp or content[len(_XMP) :]
        if marker in _FRAMES and frame is None:
            frame = content
    if frame is None or len(frame) < 6:
        raise UnsupportedImage("a JPEG without a frame")
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    end = body.find(END)
    ended = end >= 0
    body = body[:end] if ended else body
    if body.count(_SCAN) > MAX_SCANS:
        raise UnsupportedImage(f"a JPEG of more than {MAX_SCANS} scans")
    return Encoded(width, height, orientation_of(exif, xmp), b"".join(kept), body, ended)


def decode_jpeg(encoded: Encoded, reduction: int) -> Decoded:
    """Raises ImageCutOff, and whatever the decoder does for damaged data.

    What is missing at the end is mid-grey, as libjpeg draws it.
    """
    opened = _opened(encoded, END, reduction)
    if not encoded.ended:
        check_share(_share_in(encoded))
    opened.load()
    if encoded.ended and _has_flat_end(opened):  # some cameras put the end mark behind what they could send
        check_share(_share_in(encoded))
    return Decoded(opened, opened.height, -(-reduction // MAX_REDUCTION))


def _share_in(encoded: Encoded) -> float:
    """How much of the picture the data hold, 0 to 1. Raises whatever the decoder does.

    A picture in several scans is there or not: it is when every component has been begun, and there is more
    of the first one, its brightness, than the averages of blocks.
    """
    scans = list(_scans(encoded.body))
    if not scans:
        return 0.0
    progressive, components = _frame_of(encoded.head)
    if not progressive and len(scans[0].components) == components:
        return _share_of_rows(encoded)
    if encoded.ended:
        return 1.0
    whole = scans[:-1]
    begun = frozenset[int]().union(*(scan.components for scan in (whole if progressive else scans)))
    detailed = any(
        min(scans[0].components) in scan.components
        and not scan.refines
        and (scan.first > 0 or not progressive)
        for scan in whole
    )
    return float(len(begun) == components and detailed)


def _share_of_rows(encoded: Encoded) -> float:
    """Of a picture in one scan.

    Without an end mark libjpeg stops before the first row of blocks that isn't whole; with it, it draws all.
    """
    partial = _opened(encoded, b"", MAX_REDUCTION)
    try:
        partial.load()
    except OSError:
        partial.tile = []  # else Pillow tries again instead of handing over what there is
    drawn = np.asarray(_opened(encoded, END, MAX_REDUCTION))
    same = (np.asarray(partial) == drawn).reshape(len(drawn), -1).all(1)
    return float(same.mean())


def _has_flat_end(opened: Pillow.Image) -> bool:
    """Whether the last row is of one colour, as rows are that nothing is known of."""
    last = np.asarray(opened.crop((0, opened.height - 1, opened.width, opened.height)))
    return bool((last == last[:, :1]).all())


def _opened(encoded: Encoded, end: bytes, reduction: int) -> JpegImagePlugin.JpegImageFile:
    opened = JpegImagePlugin.JpegImageFile(io.BytesIO(encoded.head + encoded.body + end))
    if reduction > 1:
        factor = min(reduction, MAX_REDUCTION)
        opened.draft(None, (max(1, opened.width // factor), max(1, opened.height // factor)))
    return opened


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each segment's marker, and where it begins and ends, up to the first scan or where the file is cut."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        at = data.find(b"\xff", at)  # stray bytes between segments are tolerated, as decoders do
        if at < 0 or at + 4 > len(data):
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 2
        elif marker == 0xD9:
            return
        else:
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
            yield marker, at, min(end, len(data))
            if marker == 0xDA:
                return
            at = end
    raise UnsupportedImage(f"a JPEG of more than {MAX_SEGMENTS} segments")


def _frame_of(head: bytes) -> tuple[bool, int]:
    """Whether the picture is progressive, and how many components it has."""
    for marker, begin, _ in _segments(head):
        if marker in _FRAMES:
            return marker in _PROGRESSIVE, head[begin + 9]
    return False, 0


def _scans(body: bytes) -> Iterator[_Scan]:
    """Those that have a header, in their order; the last may be cut off."""
    at = body.find(_SCAN)
    while at >= 0:
        count = body[at + 4] if at + 4 < len(body) else 0
        names, rest = body[at + 5 : at + 5 + 2 * count : 2], body[at + 5 + 2 * count : at + 8 + 2 * count]
        if count and len(rest) == 3:
            yield _Scan(frozenset(names), rest[0], rest[2] >> 4 > 0)
        at = body.find(_SCAN, at + 2)
