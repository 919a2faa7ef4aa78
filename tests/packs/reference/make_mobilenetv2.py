"""Record what PyTorch makes of MobileNetV2: `python -m tests.packs.reference.make_mobilenetv2 WEIGHTS.pt`.

Needs torch. The network is written out here, so that neither the importer nor the package is asked.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.packs.reference.chips import generated_chips

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def layers(inside: int, outside: int, size: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    kernel = nn.Conv2d(inside, outside, size, stride, size // 2, groups=groups, bias=False)
    return [kernel, nn.BatchNorm2d(outside), nn.ReLU6()]


class Block(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        parts = layers(inside, wide, 1) if expansion > 1 else []
        parts += [*layers(wide, wide, 3, stride, wide), *layers(wide, outside, 1)[:2]]
        self.conv = nn.Sequential(*parts)
        self.adds = stride == 1 and inside == outside

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + self.conv(values) if self.adds else self.conv(values)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        parts, inside = [nn.Sequential(*layers(3, 32, 3, 2))], 32
        for expansion, outside, repeats, stride in BLOCKS:
            for repeat in range(repeats):
                parts.append(Block(inside, outside, 1 if repeat else stride, expansion))
                inside = outside
        self.features = nn.Sequential(*parts, nn.Sequential(*layers(inside, 1280, 1)))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.features(values).mean((2, 3))


def main() -> None:
    network = Network()
    network.load_state_dict(torch.load(sys.argv[1], map_location="cpu", weights_only=True))
    pixels = torch.tensor(generated_chips(3, 224)).permute(0, 3, 1, 2) / 255
    mean, spread = (torch.tensor(one).view(3, 1, 1) for one in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        features = network.eval()((pixels - mean) / spread).numpy()
    np.savez_compressed(Path(__file__).with_name("mobilenetv2.npz"), features=features)


if __name__ == "__main__":
    main()
