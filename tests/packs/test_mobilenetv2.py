"""MobileNetV2 in ONNX: the same answers as PyTorch gives, from a file that can't run anything."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from regard.packs.importers.mobilenetv2 import import_mobilenetv2
from regard.packs.importers.torch_weights import read_state_dict
from regard.packs.install import InstalledPack
from tests.packs.reference.chips import generated_chips

RECORDED = np.load(Path(__file__).parent / "reference" / "mobilenetv2.npz")
MAGIC = 0x1950A86A20F9469CFC6C


def test_features_are_those_of_pytorch(installed_pack: InstalledPack) -> None:
    """tests/packs/reference/make_mobilenetv2.py recorded what PyTorch makes of the same chips."""
    session = onnxruntime.InferenceSession(str(installed_pack.path("mobilenetv2")))
    (found,) = session.run(None, {"input": generated_chips(3, 224)})
    assert found.shape == (3, 1280)
    assert np.abs(found - RECORDED["features"]).max() < 3e-5


class Named:
    """Pickles as a call of, or a reference to, something that this process need not have."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.where, self.arguments = f"{module}\n{name}\n", arguments


class Writer(pickle._Pickler):  # type: ignore[name-defined]  # Python's own, so that names can be made up
    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Named):
            self.write(b"c" + value.where.encode())
            if value.arguments:
                self.save(value.arguments)
                self.write(b"R")
        elif isinstance(value, Stored):
            self.save(value.identity())
            self.write(b"Q")
        else:
            super().save(value, save_persistent_id)


class Stored:
    def __init__(self, key: str, elements: int, kind: str = "FloatStorage", view: object = None) -> None:
        self.key, self.elements, self.kind, self.view = key, elements, kind, view

    def identity(self) -> tuple[object, ...]:
        return ("storage", Named("torch", self.kind), self.key, "cpu", self.elements, self.view)


def tensor(storage: Stored, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Named:
    return Named("torch._utils", "_rebuild_tensor_v2", storage, offset, shape, strides, False, OrderedDict())


def saved(
    weights: object, values: np.ndarray, *, magic: int = MAGIC, rest: bytes = b"", count: int = -1
) -> bytes:
    stream = io.BytesIO()
    for part in (magic, 1001, {"protocol_version": 1001, "little_endian": True}, weights, ["1"]):
        Writer(stream, protocol=2).dump(part)
    stream.write(struct.pack("<q", len(values) if count < 0 else count) + values.tobytes() + rest)
    return stream.getvalue()


VALUES = np.arange(10, dtype="<f4")
WHOLE = Stored("1", 10)


def test_tensors_are_parts_of_their_storage() -> None:
    weights = OrderedDict(a=tensor(WHOLE, 2, (2, 3), (3, 1)), b=tensor(WHOLE, 9, (), ()))
    found = read_state_dict(saved(weights, VALUES))
    assert found["a"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert found["b"].tolist() == 9


def test_a_transposed_tensor_is_read_in_its_own_order() -> None:
    weights = OrderedDict(a=tensor(WHOLE, 2, (3, 2), (1, 3)))
    assert read_state_dict(saved(weights, VALUES))["a"].tolist() == [[2, 5], [3, 6], [4, 7]]


def test_whole_numbers_are_read_too() -> None:
    weights = OrderedDict(steps=tensor(Stored("1", 2, "LongStorage"), 1, (), ()))
    assert read_state_dict(saved(weights, np.array([3, 1 << 40], "<i8")))["steps"] == 1 << 40


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 0, (10,), (1,))), VALUES, magic=7), "not a weight file"),
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 0, (2, 3), (1, 5))), VALUES), "beyond its storage"),
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 9, (2,), (-1,))), VALUES), "impossible strides"),
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 0, (2, 3), (1,))), VALUES), "impossible strides"),
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 0, (10,), (1,))), VALUES[:5], count=10), "cut off"),
        (lambda: saved(OrderedDict(a=tensor(Stored("1", 9), 0, (9,), (1,))), VALUES), "another length"),
        (lambda: saved(OrderedDict(a=tensor(WHOLE, 0, (10,), (1,))), VALUES, rest=b"x"), "go on behind"),
        (lambda: saved([1, 2], VALUES), "not a dictionary of tensors"),
    ],
)
def test_a_file_that_is_damaged_is_refused(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_state_dict(make())


@pytest.mark.parametrize(
    "name", [("builtins", "print"), ("os", "system"), ("torch", "load"), ("torch", "Tensor")]
)
def test_a_file_that_names_anything_else_is_refused(name: tuple[str, str], capsys: Any) -> None:
    weights = OrderedDict(a=Named(*name, "run by the pickle"))
    with pytest.raises(pickle.UnpicklingError, match=name[1]):
        read_state_dict(saved(weights, VALUES))
    assert capsys.readouterr().out == ""


def test_a_view_of_a_storage_is_refused() -> None:
    weights = OrderedDict(a=tensor(Stored("1", 10, view=("2", 0, 5)), 0, (5,), (1,)))
    with pytest.raises(pickle.UnpicklingError, match="view"):
        read_state_dict(saved(weights, VALUES))


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(KeyError, match=r"features\.0\.0\.weight"):
        import_mobilenetv2(saved(OrderedDict(a=tensor(WHOLE, 0, (10,), (1,))), VALUES))
