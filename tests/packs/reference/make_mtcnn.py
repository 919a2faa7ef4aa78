"""Record what TensorFlow makes of the generated chips with the `mtcnn` package's own networks.

    pip install mtcnn==1.0.0 tensorflow-cpu
    python make_mtcnn.py

Writes mtcnn.npz beside this file: for pnet (one picture of 61 × 61), rnet and onet (8 chips each) the
package's raw outputs. mtcnn 1.0.0 on TensorFlow 2.21 made the committed one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from chips import generated_chips
from mtcnn.stages import StageONet, StagePNet, StageRNet
from mtcnn.utils.images import normalize_images

recorded = {}
for name, stage, count, side in [
    ("pnet", StagePNet, 1, 61),
    ("rnet", StageRNet, 8, 24),
    ("onet", StageONet, 8, 48),
]:
    pixels = normalize_images(generated_chips(count, side).astype(np.float32))
    offsets, *landmarks, classes = (output.numpy() for output in stage().model(pixels))
    recorded |= {f"{name}_offsets": offsets, f"{name}_classes": classes}
    if landmarks:
        recorded[f"{name}_landmarks"] = landmarks[0]
np.savez_compressed(Path(__file__).with_name("mtcnn.npz"), **recorded)
print({key: value.shape for key, value in recorded.items()})
