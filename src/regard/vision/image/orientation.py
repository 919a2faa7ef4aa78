"""Which way up a picture is, from EXIF or XMP. Blocks that are damaged say nothing."""

from __future__ import annotations

import re
import struct

UPRIGHT = 1
_TAG = 0x0112
_FORMATS = {1: "B", 3: "H", 4: "I"}  # field types of whole numbers: BYTE, SHORT, LONG
_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])\b")


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """1 to 8 (EXIF 2.32, section 4.6.4, tag 274); 1 where neither says anything that makes sense.

    `exif`: the block that begins with the byte order. `xmp`: the packet; it is asked where EXIF is silent.
    """
    stated = _in_exif(exif)
    if stated is None and (found := _XMP.search(xmp)):
        stated = int(found[1])
    return stated if stated is not None and 1 <= stated <= 8 else UPRIGHT


def _in_exif(block: bytes) -> int | None:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _TAG and kind in _FORMATS:
                (value,) = struct.unpack_from(order + _FORMATS[kind], block, entry + 8)
                return int(value)
    except struct.error:  # it ends before its time
        pass
    return None
