"""PyTorch's weight files as `torch.save` wrote them before version 1.6, without PyTorch and without running
them.

The format, as in PyTorch's `torch/serialization.py` (`_legacy_save`): five pickles and then raw arrays.

    magic number · protocol version · facts of the machine · the state dict · keys of the storages, in order ·
    for each storage its number of elements (int64, little-endian) and its elements

In the fourth pickle a tensor is `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, …)`, and a
storage is a persistent id `("storage", type, key, place, elements, view)`.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES: Mapping[str, str] = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def read_state_dict(data: bytes) -> Mapping[str, NDArray[Any]]:
    """The arrays by their names.

    Raises ValueError when the file is of another format or doesn't end where it should, and
    pickle.UnpicklingError when it names anything but tensors.
    """
    stream = io.BytesIO(data)
    if _TensorUnpickler(stream).load() != _MAGIC or _TensorUnpickler(stream).load() != _PROTOCOL:
        raise ValueError("not a weight file of PyTorch before version 1.6")
    machine = _TensorUnpickler(stream).load()
    if not machine.get("little_endian"):
        raise ValueError("the weights are big-endian")
    content = _TensorUnpickler(stream)
    tensors = content.load()
    if not isinstance(tensors, dict) or not all(isinstance(item, _Tensor) for item in tensors.values()):
        raise ValueError("the weights are not a dictionary of tensors")
    keys = _TensorUnpickler(stream).load()
    storages = {key: _read_storage(stream, content.storages[key]) for key in keys}
    if stream.read(1):
        raise ValueError("the weights go on behind their last array")
    return {name: tensor.array(storages) for name, tensor in tensors.items()}


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: str
    elements: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Part of a storage; `offset` and `strides` in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self, storages: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """A copy, in C's order, whatever the order of the storage."""
        values = storages[self.storage.key][self.offset :]
        if len(self.strides) != len(self.shape) or min((*self.shape, *self.strides, self.offset, 0)) < 0:
            raise ValueError("a tensor has impossible strides")
        last = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if 0 in self.shape or last >= len(values):
            raise ValueError("a tensor reaches beyond its storage")
        steps = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values, self.shape, steps, writeable=False).copy()


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _TensorUnpickler(pickle.Unpickler):
    """Knows storages, tensors and ordered dictionaries; the first two become records of this module."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]  # never called: it is an entry of a persistent id
        raise pickle.UnpicklingError(f"the weights name {module}.{name}")

    def persistent_load(self, identity: Any) -> _Storage:
        kind, dtype, key, _, elements, view = identity
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"the weights hold a {kind!r}, or a view of a storage")
        return self.storages.setdefault(key, _Storage(key, dtype, elements))


def _read_storage(stream: io.BytesIO, storage: _Storage) -> NDArray[Any]:
    elements = int.from_bytes(stream.read(8), "little")
    raw = stream.read(elements * np.dtype(storage.dtype).itemsize)
    if elements != storage.elements or len(raw) != elements * np.dtype(storage.dtype).itemsize:
        raise ValueError("the weights are cut off, or an array has another length than its tensor")
    return np.frombuffer(raw, storage.dtype)
