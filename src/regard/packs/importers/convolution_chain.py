"""A chain of convolutions as mobile networks have them, from a state dict of PyTorch to ONNX.

Batch normalisations are folded into the convolutions before them; the rectifier is ReLU6, clipped to 0 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class ConvolutionChain:
    """Each method appends a layer to the current tensor, which begins as `input`, and moves on.

    `weights`: the state dict. `epsilon`: what the batch normalisations add to their variances.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], *, epsilon: float) -> None:
        self._left = {name for name in weights if not name.endswith("num_batches_tracked")}
        self._weights, self._epsilon = weights, epsilon
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.current = "input"

    def normalise(self, mean: Sequence[float], spread: Sequence[float]) -> None:
        """Pixels (N, H, W, 3), uint8, become (N, 3, H, W) of (value − mean) / spread, by channel."""
        self.node("Transpose", perm=[0, 3, 1, 2])
        self.node("Cast", to=TensorProto.FLOAT)
        # Not folded into the first convolution: it pads with zeros, which stand for the average pixel.
        self.node("Sub", self.constant(np.array(mean).reshape(1, 3, 1, 1)))
        self.node("Mul", self.constant(1 / np.array(spread).reshape(1, 3, 1, 1)))

    def convolution(
        self, kernel: str, norm: str, *, stride: int = 1, rectified: bool = True, same: bool = False
    ) -> None:
        """The layers named `kernel` and `norm`. `same`: padded as TensorFlow's SAME does, else evenly by half
        the kernel.
        """
        weights = self.take(f"{kernel}.weight")
        factor = self.take(f"{norm}.weight") / np.sqrt(self.take(f"{norm}.running_var") + self._epsilon)
        shift = self.take(f"{norm}.bias") - self.take(f"{norm}.running_mean") * factor
        side = weights.shape[2]
        padding: dict[str, Any] = {"auto_pad": "SAME_UPPER"} if same else {"pads": [side // 2] * 4}
        self.node(
            "Conv",
            self.constant(weights * factor[:, None, None, None]),
            self.constant(shift),
            kernel_shape=[side, side],
            **padding,
            strides=[stride, stride],
            group=len(weights) if weights.shape[1] == 1 else 1,
        )
        if rectified:
            self.node("Clip", self.constant(np.array(0.0)), self.constant(np.array(6.0)))

    def average(self, output: str) -> None:
        """The average of each channel, (N, C), named `output`."""
        self.node("GlobalAveragePool")
        self.node("Flatten", output=output)

    def linear(self, name: str, output: str) -> None:
        """The fully connected layer `name`, whose answers are named `output`."""
        weights, bias = self.constant(self.take(f"{name}.weight")), self.constant(self.take(f"{name}.bias"))
        self.node("Gemm", weights, bias, output=output, transB=1)

    def model(self, name: str, side: int | None, outputs: Mapping[str, int]) -> onnx.ModelProto:
        """The model `name` on pictures of `side` px, of any size where None; `outputs`: the width of each.

        Raises ValueError where weights are left that no layer has used.
        """
        if self._left:
            raise ValueError(f"the weights have more layers than the network: {sorted(self._left)[0]}")
        size = ("height", "width") if side is None else (side, side)
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", *size, 3])],
            [
                helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", width])
                for output, width in outputs.items()
            ],
            self._constants,
        )
        model = helper.make_model(graph, producer_name="regard", opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        onnx.checker.check_model(model, full_check=True)
        return model

    def take(self, name: str) -> NDArray[np.float64]:
        """The weights of that name. Raises KeyError where there are none."""
        self._left.discard(name)
        return np.asarray(self._weights[name], np.float64)

    def constant(self, values: NDArray[np.float64]) -> str:
        """The name of these values, stored as float32."""
        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> None:
        """An operator on the current tensor and `inputs`."""
        output = output or f"t{len(self._nodes)}"
        node = helper.make_node(kind, [self.current, *inputs], [output], f"{kind}_{output}", **attributes)
        self._nodes.append(node)
        self.current = output
