"""Record what PyTorch makes of EfficientNet-Lite2.

    python -m tests.packs.reference.make_efficientnet WEIGHTS.pth

Needs torch and the PyPI package `efficientnet_lite_pytorch` 0.1.0, whose network the weights were made for.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

from tests.packs.reference.chips import generated_chips

SIDE = 260


def main() -> None:
    network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=sys.argv[1]).eval()
    pixels = (torch.tensor(generated_chips(3, SIDE)).permute(0, 3, 1, 2) - 127.0) / 128.0
    with torch.no_grad():
        features = network.extract_features(pixels).mean((2, 3)).numpy()
        logits = network(pixels).numpy()
    target = Path(__file__).with_name("efficientnet.npz")
    np.savez_compressed(target, features=features, logits=logits)


if __name__ == "__main__":
    main()
