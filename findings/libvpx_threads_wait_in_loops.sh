#!/usr/bin/env bash
# libvpx encodes VP8 in several threads that wait for each other in loops: where cores are busy, a picture costs
# four to fourteen times the processor time that it takes one thread.
#
# Version:   PyAV 18.1.0 (with its libvpx), NumPy 2.4.6, two cores, x86-64
# Date:      2026-11-30
# Behaviour: an encoder with the default number of threads is somewhat faster than one with a single thread as long
#            as the cores are idle. With one busy process a core, its threads still run, waiting in loops for rows
#            that the others, which don't run just then, have to finish: the time goes up and so does the work.
# Seen:      640 x 480, deadline realtime, cpu-used 8, ms a picture by the clock and of processor:
#            idle: default 9.2 and 12.6, one thread 12.8 and 12.8
#            busy: default 44.2 to 124.3 and 35.1 to 124.0, one thread 11.7 to 17.1 and 8.4 to 11.1
# One would have guessed that threads that can't run wait without work, so that the same pictures cost the same
# processor time. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6

cat > "$folder/measure.py" <<'PYTHON'
import multiprocessing
import os
import sys
import time
from fractions import Fraction

import av
import numpy as np

PICTURES, ROUNDS = 60, 4


def burn(stop: "multiprocessing.synchronize.Event") -> None:
    while not stop.is_set():
        for _ in range(10_000):
            pass


def encode(threads: int) -> tuple[float, float]:
    """Milliseconds a picture: by the clock, and of processor. 0 threads are libvpx's own choice."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.thread_count = threads
    encoder.options = {"deadline": "realtime", "cpu-used": "8"}
    noise = np.random.default_rng(1).integers(0, 255, (480 * 3 // 2, 640), dtype=np.uint8)
    pictures = [np.ascontiguousarray(np.roll(noise, 3 * n, 1)) for n in range(PICTURES)]
    clock, processor = time.perf_counter(), time.process_time()
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        frame.pts = number
        encoder.encode(frame)
    encoder.encode(None)
    spent = time.perf_counter() - clock, time.process_time() - processor
    return spent[0] / PICTURES * 1000, spent[1] / PICTURES * 1000


if __name__ == "__main__":
    if (os.cpu_count() or 1) < 2:
        sys.exit("one core alone: libvpx makes no second thread")
    print("idle: default %.1f and %.1f," % encode(0), "one thread %.1f and %.1f" % encode(1))
    stop = multiprocessing.Event()
    others = [multiprocessing.Process(target=burn, args=(stop,)) for _ in range(os.cpu_count() or 1)]
    for other in others:
        other.start()
    time.sleep(1)
    ratios = []
    for _ in range(ROUNDS):
        several, one = encode(0), encode(1)
        print("busy: default %.1f and %.1f," % several, "one thread %.1f and %.1f" % one)
        ratios.append(several[1] / one[1])
    stop.set()
    for other in others:
        other.join()
    if max(ratios) < 2:
        sys.exit(f"changed: several threads cost {max(ratios):.1f} times the processor time of one at most")
PYTHON

"$folder/venv/bin/python" "$folder/measure.py"
