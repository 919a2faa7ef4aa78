#!/usr/bin/env bash
# OpenCV reads a picture that lies on its side upright as JPEG, PNG or WebP, and leaves it on its side as AVIF.
#
# Version:   opencv-python-headless 5.0.0.93, Pillow 13.0.0, numpy 2.4.6, Python 3.11
# Date:      2026-11-30
# Behaviour: imread and imdecode turn a picture as its EXIF orientation says, unless they are told not to. In AVIF the
#            turn is a property of the item (irot, imir), and the format says that a reader must apply it. OpenCV
#            applies neither it nor EXIF: of one photo, saved by one program with one orientation, it gives two
#            pictures. With IMREAD_IGNORE_ORIENTATION all four are alike.
# Seen:      64 x 32 px, orientation 6 ("turn by 90 degrees"):
#            JPEG: 32 x 64, red on top
#            PNG: 32 x 64, red on top
#            WEBP: 32 x 64, red on top
#            AVIF: 64 x 32, red at the left
#            AVIF, as Pillow turns it: 32 x 64, red on top
# One would have guessed that the format doesn't matter, least of all that the one where turning isn't optional is
# the one that isn't turned. A detector of faces that finds nobody in a telephone's AVIF may have been shown them
# lying. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

TURN = 6  # clockwise by 90 degrees, to be upright
stored = Image.new("RGB", (64, 32), "blue")
stored.paste("red", (0, 0, 32, 32))
exif = Image.Exif()
exif[0x0112] = TURN


def looks(pixels: np.ndarray) -> str:
    """Its size, and where its red half is; `pixels` in RGB."""
    height, width = pixels.shape[:2]
    rows, columns = np.nonzero(pixels[..., 0] > 128)
    if height > width:
        where = "on top" if rows.mean() < height / 2 else "at the bottom"
    else:
        where = "at the left" if columns.mean() < width / 2 else "at the right"
    return f"{width} x {height}, red {where}"


seen = {}
for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
    buffer = io.BytesIO()
    stored.save(buffer, kind, exif=exif)
    data = buffer.getvalue()
    seen[kind] = looks(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
    print(f"{kind}: {seen[kind]}")
seen["Pillow"] = looks(np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))
print(f"AVIF, as Pillow turns it: {seen['Pillow']}")

upright, lying = "32 x 64, red on top", "64 x 32, red at the left"
expected = {"JPEG": upright, "PNG": upright, "WEBP": upright, "AVIF": lying, "Pillow": upright}
if seen != expected:
    sys.exit("The behaviour has changed.")
print("as before")
PYTHON
