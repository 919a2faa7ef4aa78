#!/usr/bin/env bash
# OpenCV multiplies matrices in several threads after cv2.setNumThreads(1).
#
# Version:   opencv-python-headless 5.0.0.93, numpy 2.4.6, threadpoolctl 3.8.0, Python 3.11; two cores or more
# Date:      2026-11-30
# Behaviour: the wheel brings an OpenBLAS of its own, by which cv2.gemm (and so what is built on it) multiplies. It has
#            a thread for each core, and setNumThreads doesn't reach it: getNumThreads says 1, and the others work.
#            OPENBLAS_NUM_THREADS in the environment, or threadpoolctl, does reach it.
# Seen:      on two cores, 10 products of 1,500 x 1,500:
#            cv2.setNumThreads(1): getNumThreads() 1, other threads did 49 % of the work
#            and threadpool_limits(1): other threads did 3 % of the work
# One would have guessed that this is what setNumThreads is for. A server whose requests run side by side, each with
# "one thread", has threads that wait for each other in loops. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 threadpoolctl==3.8.0

"$folder/venv/bin/python" - <<'PYTHON'
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

if (os.cpu_count() or 1) < 2 or "OPENBLAS_NUM_THREADS" in os.environ:
    sys.exit("This shows itself on two cores or more, without OPENBLAS_NUM_THREADS.")


def seconds_of_others() -> float:
    """Processor time of all threads of this process but the first."""
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        if int(task.name) != os.getpid():
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def share_of_others() -> float:
    """Percent of ten products that other threads make."""
    one = np.ones((1500, 1500), np.float32)
    others, whole = seconds_of_others(), time.process_time()
    for _ in range(10):
        cv2.gemm(one, one, 1, None, 0)
    return 100 * (seconds_of_others() - others) / (time.process_time() - whole)


cv2.setNumThreads(1)
share = share_of_others()
print(f"cv2.setNumThreads(1): getNumThreads() {cv2.getNumThreads()}, other threads did {share:.0f} % of the work")
if cv2.getNumThreads() != 1 or share < 20:
    sys.exit("The behaviour has changed.")
threadpool_limits(1)
share = share_of_others()
print(f"and threadpool_limits(1): other threads did {share:.0f} % of the work")
if share > 10:  # what they were about
    sys.exit("What was right has changed.")
print("as before")
PYTHON
