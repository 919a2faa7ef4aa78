#!/usr/bin/env bash
# Pillow turns a picture that has no EXIF at all, if its XMP has an orientation; OpenCV doesn't.
#
# Version:   Pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6, Python 3.11
# Date:      2026-11-30
# Behaviour: where a file has no EXIF orientation, Image.getexif() takes tiff:Orientation of its XMP packet for one,
#            and ImageOps.exif_transpose turns the picture by it. XMP is what editing programs write beside a
#            picture. OpenCV, which turns by EXIF too, doesn't look at it. So the two agree on every photo of a
#            camera, and disagree on some that went through an editor, in each of three formats.
# Seen:      64 x 32 px, no EXIF, tiff:Orientation="6" in XMP:
#            JPEG: EXIF block None, getexif() says 6; Pillow 32 x 64, OpenCV 64 x 32
#            PNG: EXIF block None, getexif() says 6; Pillow 32 x 64, OpenCV 64 x 32
#            WEBP: EXIF block None, getexif() says 6; Pillow 32 x 64, OpenCV 64 x 32
#            JPEG whose EXIF says 1: Pillow 64 x 32
# One would have guessed that what is called getexif() reads EXIF. Whoever finds faces by one library and cuts them out
# by the other gets boxes beside the faces. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>
</rdf:RDF></x:xmpmeta>"""
stored = Image.new("RGB", (64, 32), "red")


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if kind == "PNG":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP)
        options["pnginfo"] = text
    else:
        options["xmp"] = XMP.encode()
    stored.save(buffer, kind, **options)
    return buffer.getvalue()


def sizes(data: bytes) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height by Pillow, turned, and by OpenCV."""
    height, width = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).size, (width, height)


def told(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


for kind in ("JPEG", "PNG", "WEBP"):
    data = saved(kind)
    picture = Image.open(io.BytesIO(data))
    block, said = picture.info.get("exif"), picture.getexif().get(0x0112)
    pillow, opencv = sizes(data)
    print(f"{kind}: EXIF block {block}, getexif() says {said}; Pillow {told(pillow)}, OpenCV {told(opencv)}")
    if (block, said, pillow, opencv) != (None, 6, (32, 64), (64, 32)):
        sys.exit("The behaviour has changed.")
upright = Image.Exif()
upright[0x0112] = 1
pillow, _ = sizes(saved("JPEG", exif=upright))
print(f"JPEG whose EXIF says 1: Pillow {told(pillow)}")
if pillow != (64, 32):
    sys.exit("The behaviour beside EXIF has changed.")
print("as before")
PYTHON
