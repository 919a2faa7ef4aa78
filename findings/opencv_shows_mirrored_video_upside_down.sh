#!/usr/bin/env bash
# OpenCV shows a video that is to be mirrored upside down, and one that is to be flipped as it is stored.
#
# Version:   opencv-python-headless 5.0.0.93, av 18.1.0, numpy 2.4.6, Python 3.11
# Date:      2026-11-30
# Behaviour: the matrix in an MP4's track header (ISO/IEC 14496-12) may turn a picture, mirror it, or both. OpenCV's
#            VideoCapture takes one angle from it, by FFmpeg's av_display_rotation_get, which doesn't say whether the
#            matrix mirrors. A mirror left to right counts as half a turn, so that heads are down; one top to bottom
#            counts as no turn. PyAV's VideoFrame.rotation is the same angle. Matrices that only turn are right.
# Seen:      stored: RG/BW; R, G, B, W are the colours of the four quarters
#            mirrored left to right: OpenCV WB/GR, turned by 180; right is GR/WB; PyAV says -180
#            flipped top to bottom:  OpenCV RG/BW, turned by   0; right is BW/RG; PyAV says 0
#            turned by 90 degrees:   OpenCV BR/WG, turned by  90; right is BR/WG; PyAV says -90
# One would have guessed that a mirror is ignored or applied, not that it becomes a turn. Front cameras and editors
# write such matrices; who turns by the angle alone shows a detector of faces everybody on their heads. Right is to
# use the matrix itself (PyAV: the side data DISPLAYMATRIX). This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 av==18.1.0 numpy==2.4.6

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct
import sys
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH, HEIGHT, ONE = 128, 96, 1 << 16
COLOURS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "W": (255, 255, 255)}


def film() -> bytes:
    """An MP4 whose four quarters have the four colours."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for number, colour in enumerate(COLOURS.values()):
        top, left = number // 2 * HEIGHT // 2, number % 2 * WIDTH // 2
        picture[top : top + HEIGHT // 2, left : left + WIDTH // 2] = colour
    with av.open("film.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return Path("film.mp4").read_bytes()


def with_matrix(data: bytes, matrix: tuple[int, ...]) -> str:
    """The file with that matrix in its track header: a, b, u, c, d, v, x, y, w."""
    at = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # past version, times, what is reserved, layer and volume
    Path("turned.mp4").write_bytes(data[:at] + struct.pack(">9i", *matrix) + data[at + 36 :])
    return "turned.mp4"


def quarters(picture: np.ndarray) -> str:
    """The colours of the four quarters of an RGB picture, by rows."""
    height, width = picture.shape[:2]
    names = ""
    for y in (height // 4, 3 * height // 4):
        for x in (width // 4, 3 * width // 4):
            names += min(COLOURS, key=lambda name: np.abs(picture[y, x] - np.int32(COLOURS[name])).sum())
    return f"{names[:2]}/{names[2:]}"


plain = film()
cases = {
    "mirrored left to right": ((-ONE, 0, 0, 0, ONE, 0, WIDTH * ONE, 0, 1 << 30), "GR/WB", ("WB/GR", 180, -180)),
    "flipped top to bottom": ((ONE, 0, 0, 0, -ONE, 0, 0, HEIGHT * ONE, 1 << 30), "BW/RG", ("RG/BW", 0, 0)),
    "turned by 90 degrees": ((0, ONE, 0, -ONE, 0, 0, HEIGHT * ONE, 0, 1 << 30), "BR/WG", ("BR/WG", 90, -90)),
}
print("stored: RG/BW; R, G, B, W are the colours of the four quarters")
for name, (matrix, right, expected) in cases.items():
    path = with_matrix(plain, matrix)
    capture = cv2.VideoCapture(path)
    _, picture = capture.read()
    with av.open(path) as container:
        rotation = next(container.decode(video=0)).rotation
    turn = int(capture.get(cv2.CAP_PROP_ORIENTATION_META))
    shown = quarters(picture[..., ::-1])
    print(f"{name + ':':23} OpenCV {shown}, turned by {turn:3}; right is {right}; PyAV says {rotation}")
    if (shown, turn, rotation) != expected:
        sys.exit("The behaviour has changed.")
print("as before")
PYTHON
