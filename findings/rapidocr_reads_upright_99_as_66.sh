#!/usr/bin/env bash
# rapidocr reads an upright "99" as "66", and is certain of it.
#
# Version:   rapidocr 3.10.0 (its own PP-OCRv6 networks), onnxruntime 1.32.0, Pillow 13.0.0, Python 3.11
# Date:      2026-11-29
# Behaviour: its classifier of directions turns a line by 180 degrees on the looks of the strip alone. A strip of
#            digits that make sense on their heads too says nothing of its direction, so that an upright number can
#            be turned over, and is then read as another number with the greatest score. Whether it is depends on
#            the size in which the same digits are drawn.
# Seen:      99 at  40 px: 66 (1.00)
#            99 at  90 px: 66 (1.00)
#            99 at 160 px: 99 (1.00)
#            69 at  90 px: 69 (1.00)
#            99 at  40 px without the classifier: 99
# One would have guessed that an upright text is never turned, or that a score says when it was doubtful. Whoever
# reads meters, prices or numbers of players by it has to switch the classifier off, or to hold a second reading
# against the first. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  rapidocr==3.10.0 onnxruntime==1.32.0 pillow==13.0.0 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import logging
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidocr import RapidOCR

logging.disable(logging.CRITICAL)
reader = RapidOCR()


def read(text: str, size: int, **options: bool) -> tuple[str, float]:
    """What is read where `text` is drawn upright, black on white, `size` px high."""
    page = Image.new("RGB", (size * (len(text) + 4), size * 3), "white")
    font = ImageFont.load_default(size=size)
    ImageDraw.Draw(page).text((size * 1.5, size * 0.9), text, font=font, fill="black")
    answer = reader(np.asarray(page), **options)
    return answer.txts[0], float(answer.scores[0])


seen = {}
for text, size in (("99", 40), ("99", 90), ("99", 160), ("69", 90)):
    said, score = read(text, size)
    seen[text, size] = said, round(score, 2)
    print(f"{text} at {size:3} px: {said} ({score:.2f})")
expected = {("99", 40): "66", ("99", 90): "66", ("99", 160): "99", ("69", 90): "69"}
if any(seen[case] != (said, 1.0) for case, said in expected.items()):
    sys.exit("The behaviour has changed.")
said, _ = read("99", 40, use_cls=False)
print(f"99 at  40 px without the classifier: {said}")
if said != "99":
    sys.exit("The behaviour without the classifier has changed.")
print("as before")
PYTHON
