"""Record what dlib itself makes of the generated chips.

    pip install dlib-bin numpy
    python make_dlib.py dlib_face_recognition_resnet_model_v1.dat

Writes dlib.npz (embeddings, float64, 8 × 128) beside this file. dlib 20.0 made the committed one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dlib
import numpy as np
from chips import generated_chips

model = dlib.face_recognition_model_v1(sys.argv[1])
embeddings = np.array([model.compute_face_descriptor(chip) for chip in generated_chips(8, 150)])
np.savez(Path(__file__).with_name("dlib.npz"), embeddings=embeddings)
print(dlib.__version__, embeddings.shape, np.linalg.norm(embeddings, axis=1))
