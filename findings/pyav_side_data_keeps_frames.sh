#!/usr/bin/env bash
# PyAV: a frame whose side data were asked for stays in memory until the next garbage collection.
#
# Version:   av 18.1.0, numpy 2.4.6, Python 3.11
# Date:      2026-11-30
# Behaviour: VideoFrame.side_data makes a container that refers to the frame, and the frame keeps it: a cycle. So the
#            picture isn't freed with its last reference, as every other frame is, but by the cyclic garbage
#            collector. That counts objects, not bytes: a program that decodes makes few objects, and gathers hundreds
#            of megabytes of pictures in the meantime. VideoFrame.rotation, which is made from the same data, doesn't.
# Seen:      nothing asked: 0 of 100 frames left
#            rotation:      0 of 100 frames left
#            side_data:   100 of 100 frames left, 196 MB; 0 after gc.collect()
# One would have guessed that to read a frame's display matrix costs what the matrix has, 36 bytes. Whoever looks at
# the side data of each frame of a stream does better to ask once a stream, or to collect garbage now and then. This
# script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import gc
import sys
from collections.abc import Callable

import av
import numpy as np

FRAMES = 100
gc.disable()


def left() -> int:
    return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())


def memory() -> int:
    """MB that the process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 // 1_000_000


def ask(name: str, question: Callable[[av.VideoFrame], object]) -> int:
    before = memory()
    for number in range(FRAMES):
        picture = np.full((720, 1280, 3), number, np.uint8)
        question(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p"))
    found, held = left(), memory() - before
    print(f"{name + ':':14} {found:3} of {FRAMES} frames left" + (f", {held} MB" if found else ""))
    return found


expected = {"nothing asked": 0, "rotation": 0, "side_data": FRAMES}
seen = {
    "nothing asked": ask("nothing asked", lambda frame: None),
    "rotation": ask("rotation", lambda frame: frame.rotation),
    "side_data": ask("side_data", lambda frame: frame.side_data),
}
if seen != expected:
    sys.exit("The behaviour has changed.")
gc.collect()
print(f"after gc.collect(): {left()} left")
if left():
    sys.exit("The behaviour has changed: they stay for good.")
print("as before")
PYTHON
