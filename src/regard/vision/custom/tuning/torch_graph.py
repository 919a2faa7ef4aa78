"""An ONNX graph run by PyTorch: what ONNX Runtime says of it, within rounding, with gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from regard.vision.custom.tuning.plan import GraphPlan, PlannedNode

_Arguments = Sequence[Any]  # tensors, and None for an input that was left out


class TorchGraph:
    """The graph of a plan. `trained` names the constants that are parameters; the others stay as they are."""

    def __init__(self, plan: GraphPlan, trained: Sequence[str], device: str) -> None:
        self._plan = plan
        self.names = tuple(dict.fromkeys(trained))
        tensors = {
            name: torch.from_numpy(np.array(value)).to(device) for name, value in plan.constants.items()
        }
        self.trained = [tensors.pop(name).requires_grad_() for name in self.names]
        self._rest = tensors
        self._last_use = _last_uses(plan)

    def run(self, source: Tensor) -> tuple[Tensor, ...]:
        """The plan's outputs, for an input of the graph's own shape. Safe to call from several threads."""
        values: dict[str, Tensor] = {
            **self._rest,
            **dict(zip(self.names, self.trained, strict=True)),
            self._plan.source: source,
        }
        for place, node in enumerate(self._plan.nodes):
            inputs = [values.get(name) for name in node.inputs]
            values[node.output] = _OPERATORS[node.operator](node, inputs)
            for name in self._last_use.get(place, ()):
                del values[name]
        return tuple(values[name] for name in self._plan.outputs)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The parameters by the names of the constants, as copies."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in zip(self.names, self.trained, strict=True)
        }

    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Puts weights in the place of the parameters of the same names."""
        with torch.no_grad():
            for name, value in zip(self.names, self.trained, strict=True):
                value.copy_(torch.from_numpy(weights[name]))


def _last_uses(plan: GraphPlan) -> dict[int, list[str]]:
    """The values that no node behind a place uses, so that they needn't be kept longer."""
    last = {name: place for place, node in enumerate(plan.nodes) for name in node.inputs}
    made = {node.output for node in plan.nodes} - set(plan.outputs)
    ends: dict[int, list[str]] = {}
    for name, place in last.items():
        if name in made:
            ends.setdefault(place, []).append(name)
    return ends


def _conv(node: PlannedNode, inputs: _Arguments) -> Tensor:
    picture, weight = inputs[0], inputs[1]
    strides = node.attributes.get("strides", [1, 1])
    kernel = weight.shape[2:]
    auto_pad = node.attributes.get("auto_pad", b"NOTSET")
    if auto_pad == b"SAME_UPPER":
        padded = [
            max((-(-size // stride) - 1) * stride + side - size, 0)
            for size, stride, side in zip(picture.shape[2:], strides, kernel, strict=True)
        ]
        pads = [padded[0] // 2, padded[1] // 2, -(-padded[0] // 2), -(-padded[1] // 2)]
    else:
        pads = list(node.attributes.get("pads", [0, 0, 0, 0])) if auto_pad != b"VALID" else [0, 0, 0, 0]
    if pads[:2] != pads[2:]:
        picture, pads = functional.pad(picture, (pads[1], pads[3], pads[0], pads[2])), [0, 0, 0, 0]
    bias = inputs[2] if len(inputs) > 2 else None
    return functional.conv2d(picture, weight, bias, strides, pads[:2], groups=node.attributes.get("group", 1))


def _resize(node: PlannedNode, inputs: _Arguments) -> Tensor:
    """To twice the size, linearly: what ONNX calls asymmetric, row 2i is row i, and the next is between."""
    picture, sizes = inputs[0], inputs[3]
    is_double = [2 * side for side in picture.shape[2:]] == sizes.tolist()
    if node.attributes.get("coordinate_transformation_mode") != b"asymmetric" or not is_double:
        raise ValueError("A picture is resized in a way that can't be trained through.")
    for axis in (2, 3):
        last = picture.narrow(axis, picture.shape[axis] - 1, 1)
        following = torch.cat([picture.narrow(axis, 1, picture.shape[axis] - 1), last], axis)
        picture = torch.stack([picture, (picture + following) / 2], axis + 1).flatten(axis, axis + 1)
    return picture


def _clip(_node: PlannedNode, inputs: _Arguments) -> Tensor:
    value, low, high = inputs[0], inputs[1], inputs[2]
    return value.clamp(None if low is None else low.item(), None if high is None else high.item())


def _mean(node: PlannedNode, inputs: _Arguments) -> Tensor:
    value, axes = inputs[0], inputs[1]
    return value.mean(axes.tolist(), keepdim=bool(node.attributes.get("keepdims", 1)))


def _plain(run: Callable[..., Tensor]) -> Callable[[PlannedNode, _Arguments], Tensor]:
    return lambda _node, inputs: run(*inputs)


_OPERATORS: Mapping[str, Callable[[PlannedNode, Any], Tensor]] = {
    "Add": _plain(torch.add),
    "Cast": _plain(Tensor.float),
    "Clip": _clip,
    "Concat": lambda node, inputs: torch.cat(list(inputs), node.attributes["axis"]),
    "Conv": _conv,
    "Flatten": _plain(lambda value: value.flatten(1)),
    "GlobalAveragePool": _plain(lambda value: value.mean((2, 3), keepdim=True)),
    "Mul": _plain(torch.mul),
    "ReduceMean": _mean,
    "Relu": _plain(torch.relu),
    "Resize": _resize,
    "Sigmoid": _plain(torch.sigmoid),
    "Sqrt": _plain(torch.sqrt),
    "Sub": _plain(torch.sub),
    "Transpose": lambda node, inputs: inputs[0].permute(node.attributes["perm"]),
}
