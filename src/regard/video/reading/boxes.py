"""The boxes of an MP4 (ISO/IEC 14496-12, 4.2), as far as it takes to see where one was cut off."""

from __future__ import annotations

from regard.video.reading.files import SharedFile

_FIRST = {b"ftyp", b"styp", b"moov", b"moof"}  # with which a movie or a part of one begins
_HEADER, _LARGE = 16, 8  # bytes of the longest header, and of the shortest


def whole_boxes(file: SharedFile) -> int:
    """Where the last of the file's boxes ends that is whole; a cut `mdat` counts, since what is there of it
    can be read. 0 for what is no MP4."""
    place = 0
    while place + _LARGE <= file.size:
        header = file.read_at(place, _HEADER)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if place == 0 and kind not in _FIRST:
            return 0
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length == 0 or (kind == b"mdat" and place + length > file.size):
            return file.size
        if length < _LARGE or place + length > file.size:
            break
        place += length
    return place
