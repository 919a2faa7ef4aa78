"""dlib's network in ONNX: the same answers as dlib gives, from a file that is read to its exact end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from regard.packs.importers.dlib import FormatError, _Reader, import_resnet
from regard.packs.install import InstalledPack
from tests.packs.reference.chips import generated_chips

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="module")
def session(installed_pack: InstalledPack) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(installed_pack.paths()["dlib-resnet"]))


def test_embeddings_are_those_of_dlib(session: onnxruntime.InferenceSession) -> None:
    """tests/packs/reference/make_dlib.py recorded what dlib makes of the same chips."""
    expected = np.load(REFERENCE / "dlib.npz")["embeddings"]
    (embeddings,) = session.run(None, {"input": generated_chips(8, 150)})
    assert np.abs(embeddings - expected).max() < 1e-6


def test_a_batch_changes_nothing(session: onnxruntime.InferenceSession) -> None:
    chips = generated_chips(4, 150)
    (together,) = session.run(None, {"input": chips})
    alone = np.concatenate([session.run(None, {"input": chip[None]})[0] for chip in chips])
    assert np.abs(together - alone).max() < 1e-6


def test_the_graph_is_what_other_parts_rely_on(installed_pack: InstalledPack) -> None:
    model = onnx.load(installed_pack.paths()["dlib-resnet"])
    assert [item.version for item in model.opset_import] == [18]
    assert model.ir_version <= 10
    assert [item.name for item in model.graph.input] == ["input"]
    assert [item.name for item in model.graph.output] == ["embedding"]


@pytest.mark.parametrize(
    ("data", "value"), [(b"\x01\x05", 5), (b"\x81\x05", -5), (b"\x02\x00\x01", 256), (b"\x82\xff\x01", -511)]
)
def test_integers_have_a_control_byte(data: bytes, value: int) -> None:
    assert _Reader(data).integer() == value


def test_reals_are_mantissa_and_exponent() -> None:
    assert _Reader(b"\x01\x03\x81\x02").real() == 0.75


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x02", b"\x00", b"\x01\x01\x01\x04loss", b"\xff" * 40])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        import_resnet(data)
