"""PNG files: the chunks that pixels need, and how many rows a file holds that is cut off.

Names and numbers of chunks are those of the Portable Network Graphics Specification (W3C, third edition).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import PngImagePlugin

from regard.vision.image.encoded import Decoded, Encoded, check_share
from regard.vision.image.orientation import orientation_of
from regard.vision.image.picture import UnsupportedImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 100_000
_MAX_TEXT = 1 << 20  # bytes of a text that are unpacked
_XMP, _EXIF_AS_TEXT = b"XML:com.adobe.xmp", b"Raw profile type exif"  # the second is ImageMagick's
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_PIECE = 1 << 20  # bytes


def read_png(data: bytes) -> Encoded:
    """What of a PNG is the picture. All chunks but a few are passed over unread. Raises UnsupportedImage."""
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise UnsupportedImage("a PNG without a header")
    width, height = struct.unpack_from(">II", data, 16)
    kept: dict[bytes, bytes] = {}
    body, xmp, ended = [], b"", False
    for kind, begin, end in _chunks(data):
        if kind == b"IDAT":
            body.append(data[begin:end])
        elif kind in (b"IHDR", b"PLTE", b"tRNS", b"eXIf"):
            kept.setdefault(kind, data[begin:end])
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            if not xmp and data.startswith(_XMP + b"\0", begin):
                xmp = _text(kind, data[begin:end])
            elif b"eXIf" not in kept and data.startswith(_EXIF_AS_TEXT + b"\0", begin):
                kept[b"eXIf"] = _unprinted(_text(kind, data[begin:end]))
        elif kind == b"IEND":
            ended = True
    orientation = orientation_of(kept.pop(b"eXIf", b"").removeprefix(b"Exif\0\0"), xmp)
    head = SIGNATURE + b"".join(_chunk(kind, content) for kind, content in kept.items())
    return Encoded(width, height, orientation, head, b"".join(body), ended)


def decode_png(encoded: Encoded, reduction: int) -> Decoded:
    """Raises ImageCutOff, and whatever the decoder does for damaged data."""
    whole = encoded.head + _chunk(b"IDAT", encoded.body) + _chunk(b"IEND", b"")
    opened = PngImagePlugin.PngImageFile(io.BytesIO(whole))
    # Pillow scales samples to eight bits, but not the colour that stands for transparency.
    depth, key = encoded.head[24], opened.info.get("transparency")
    if depth in (2, 4) and opened.mode == "L" and key is not None:
        opened.info["transparency"] = key * 255 // (2**depth - 1)
    elif depth == 16 and opened.mode == "RGB" and key is not None:
        opened.info["transparency"] = tuple(value >> 8 for value in key)
    rows = encoded.height
    try:
        opened.load()
    except OSError:
        rows = _rows_in(encoded)
        check_share(rows / encoded.height)
        opened.tile = []  # else Pillow tries again instead of handing over what there is
    return Decoded(opened, rows, reduction)


def _rows_in(encoded: Encoded) -> int:
    """How many rows the data hold, from the top; of an interlaced picture none. Raises zlib.error."""
    depth, colours, interlaced = encoded.head[24], encoded.head[25], encoded.head[28]
    if interlaced:
        return 0
    stride = 1 + (encoded.width * depth * _CHANNELS[colours] + 7) // 8
    unpacker, held, rest = zlib.decompressobj(), 0, encoded.body
    while rest and not unpacker.eof:
        held += len(unpacker.decompress(rest, _PIECE))
        rest = unpacker.unconsumed_tail
    return min(held // stride, encoded.height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's type, and where its content begins and ends; the last may be cut off."""
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, min(at + 8 + length, len(data))
        if kind == b"IEND":
            return
        at += 12 + length
    raise UnsupportedImage(f"a PNG of more than {MAX_CHUNKS} chunks")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _text(kind: bytes, content: bytes) -> bytes:
    """The first MiB of what a text chunk says; nothing where it is damaged."""
    _, _, rest = content.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = b"\0".join(rest[2:].split(b"\0", 2)[2:])
    elif packed:
        rest = rest[1:]
    try:
        return zlib.decompressobj().decompress(rest, _MAX_TEXT) if packed else rest[:_MAX_TEXT]
    except zlib.error:
        return b""


def _unprinted(text: bytes) -> bytes:
    """The bytes that ImageMagick wrote in hexadecimal digits, below their kind and count."""
    digits = b"".join(text.strip().split(b"\n")[2:])
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""
