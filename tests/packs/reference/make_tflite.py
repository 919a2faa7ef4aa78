"""Record what LiteRT makes of MobileFaceNet: `python -m tests.packs.reference.make_tflite FILE.tflite`.

Needs ai-edge-litert (2.3.0 was used), which runs the original file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tests.packs.reference.drawing import draw


def main() -> None:
    interpreter = Interpreter(sys.argv[1], num_threads=1)
    interpreter.allocate_tensors()
    (image,), (embedding,) = interpreter.get_input_details(), interpreter.get_output_details()
    _, side, _, channels = image["shape"]
    pixels = np.stack([draw(int(side), int(channels), seed) for seed in (0, 1)])
    interpreter.set_tensor(image["index"], (pixels.astype(np.float32) - 127.5) / 128)
    interpreter.invoke()
    embeddings = interpreter.get_tensor(embedding["index"])
    np.savez_compressed(Path(__file__).parent / "tflite.npz", embeddings=embeddings)


if __name__ == "__main__":
    main()
