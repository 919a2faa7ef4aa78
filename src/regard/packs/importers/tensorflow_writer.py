"""The ONNX graph that is being written of a TensorFlow one, value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from regard.packs.importers.tensorflow_graph import ConversionError


class Writer:
    """Collects the ONNX nodes and initializers, and knows which value stands for which TensorFlow tensor."""

    def __init__(self, constants: Mapping[str, NDArray[Any]]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants = constants
        self._values: dict[str, str] = {}
        self._clipped: dict[str, tuple[str, float, float]] = {}
        self._negated: dict[str, tuple[str, NDArray[Any]]] = {}

    def bind(self, tensor: str, value: str) -> None:
        """From now on, ONNX's `value` stands for TensorFlow's `tensor`."""
        self._values[tensor] = value

    def value(self, tensor: str) -> str:
        """The ONNX value of a TensorFlow tensor; a constant becomes an initializer at its first use."""
        if tensor not in self._values:
            self.bind(tensor, self.constant(self.array(tensor)))
        return self._values[tensor]

    def array(self, tensor: str) -> NDArray[Any]:
        """A tensor that has to be a constant, because ONNX wants it as an attribute or in another layout."""
        if tensor not in self._constants:
            raise ConversionError(f"{tensor} is not a constant")
        return self._constants[tensor]

    def constant(self, array: NDArray[Any]) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def integers(self, *numbers: int) -> str:
        return self.constant(np.array(numbers, np.int64))

    def write(
        self, operator: str, inputs: Sequence[str], output: str | None = None, **attributes: Any
    ) -> str:
        """Add a node with one output, and return that output's name."""
        return self.write_all(operator, inputs, [output or f"value_{len(self.nodes)}"], **attributes)[0]

    def write_all(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> Sequence[str]:
        # ONNX Runtime 1.20 gives two nodes that it fuses the same name, and fails, unless theirs differ.
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))
        return outputs

    def clip(self, value: str, low: float, high: float) -> str:
        """`value` held between two bounds. One that is clipped already is clipped once, at its source.

        ONNX Runtime runs a single Clip inside the convolution before it, but not a chain of Relu, Min, Max.
        """
        source, minimum, maximum = self._clipped.get(value, (value, -np.inf, np.inf))
        minimum, maximum = (min(max(bound, low), high) for bound in (minimum, maximum))
        if (minimum, maximum) == self._clipped.get(value, ())[1:]:
            return value
        bounds = [self.constant(np.array(bound, np.float32)) for bound in (minimum, maximum)]
        clipped = self.write("Clip", [source, *bounds])
        self._clipped[clipped] = (source, minimum, maximum)
        return clipped

    def rectify(self, value: str) -> str:
        rectified = self.write("Relu", [value])
        self._clipped[rectified] = (value, 0.0, np.inf)
        return rectified

    def rectify_by_channel(self, value: str, slopes: NDArray[Any]) -> str:
        """Prelu of `value` (N, C, H, W): what is below 0 times the slope of its channel, slopes (1, 1, C).

        Written as relu((1 − slope) · x) + slope · x, each product a convolution by channel: ONNX Runtime does
        these in the blocked layout of the convolutions around them, rectifies and adds as it does, and its
        PRelu is a loop that takes longer than they do. Where the slope is over 1, relu((slope − 1) · x) −
        slope · x is the negative, which `negated` offers to a convolution, and one by channel makes up for.
        """
        if slopes.shape[:-1] != (1, 1):
            raise ConversionError(f"slopes of the shape {slopes.shape} differ from place to place")
        by_channel = slopes.reshape(-1, 1, 1, 1)
        signs = np.where(by_channel > 1, -1, 1).astype(slopes.dtype)
        rectified = self.rectify(self._by_channel(value, abs(1 - by_channel)))
        total = self.write("Add", [rectified, self._by_channel(value, signs * by_channel)])
        if (signs > 0).all():
            return total
        result = self._by_channel(total, signs)
        self._negated[result] = (total, signs.reshape(-1))
        return result

    def negated(self, value: str) -> tuple[str, NDArray[Any] | None]:
        """A value that is at hand already, and the signs (C,) by which its channels are those of `value`
        (N, H, W, C); where there is none, `value` itself, and None.
        """
        return self._negated.get(value, (value, None))

    def _by_channel(self, value: str, factors: NDArray[Any]) -> str:
        """`value` (N, C, H, W) times `factors` (C, 1, 1, 1)."""
        return self.write("Conv", [value, self.constant(factors)], group=len(factors))

    def needed(self, outputs: Sequence[str]) -> list[onnx.NodeProto]:
        """The nodes that the outputs depend on, in order."""
        wanted, kept = set(outputs), []
        for node in reversed(self.nodes):
            if wanted & set(node.output):
                wanted |= set(node.input)
                kept.append(node)
        return kept[::-1]

    def channels_first(self, value: str) -> str:
        return self.write("Transpose", [value], perm=[0, 3, 1, 2])

    def channels_last(self, value: str) -> str:
        result = self.write("Transpose", [value], perm=[0, 2, 3, 1])
        if value in self._negated:
            source, signs = self._negated[value]
            self._negated[result] = (self.channels_last(source), signs)
        return result
