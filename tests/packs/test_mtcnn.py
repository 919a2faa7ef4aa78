"""MTCNN in ONNX: the same answers as TensorFlow gives, from pickles that can't run anything."""

from __future__ import annotations

import pickle
from pathlib import Path

import lz4.frame
import numpy as np
import onnxruntime
import pytest

from regard.packs.importers.mtcnn import import_mtcnn
from regard.packs.install import InstalledPack
from tests.packs.reference.chips import generated_chips

RECORDED = np.load(Path(__file__).parent / "reference" / "mtcnn.npz")


def outputs(pack: InstalledPack, name: str, pixels: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(pack.paths()[f"mtcnn-{name}"]))
    values = session.run(None, {"input": pixels})
    return {item.name: value for item, value in zip(session.get_outputs(), values, strict=True)}


@pytest.mark.parametrize(("name", "count", "side"), [("pnet", 1, 61), ("rnet", 8, 24), ("onet", 8, 48)])
def test_outputs_are_those_of_tensorflow(
    installed_pack: InstalledPack, name: str, count: int, side: int
) -> None:
    """tests/packs/reference/make_mtcnn.py recorded what TensorFlow makes of the same chips."""
    found = outputs(installed_pack, name, generated_chips(count, side))
    probability = 1 / (1 + np.exp(-found["logit"]))
    assert np.abs(probability - RECORDED[f"{name}_classes"][..., 1]).max() < 5e-6
    assert np.abs(found["offsets"] - RECORDED[f"{name}_offsets"]).max() < 2e-6
    if name == "onet":
        landmarks = found["landmarks"].transpose(0, 2, 1).reshape(-1, 10)
        assert np.abs(landmarks - RECORDED["onet_landmarks"]).max() < 2e-6


@pytest.mark.parametrize("size", [(12, 12), (12, 61), (33, 47)])
def test_pnet_takes_any_size(installed_pack: InstalledPack, size: tuple[int, int]) -> None:
    pixels = generated_chips(1, 61)[:, : size[0], : size[1]]
    found = outputs(installed_pack, "pnet", np.ascontiguousarray(pixels))
    rows, columns = ((side - 1) // 2 - 4 for side in size)
    assert found["logit"].shape == (1, rows, columns)
    assert found["offsets"].shape == (1, rows, columns, 4)


class Intruder:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run by the pickle",)


def test_a_pickle_that_names_anything_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    files = dict.fromkeys(("pnet", "rnet", "onet"), lz4.frame.compress(pickle.dumps([Intruder()])))
    with pytest.raises(pickle.UnpicklingError, match="print"):
        import_mtcnn(files)
    assert capsys.readouterr().out == ""
