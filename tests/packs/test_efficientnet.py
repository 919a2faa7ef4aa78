"""EfficientNet-Lite2 in ONNX: the same answers as PyTorch gives."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from regard.packs.importers.efficientnet import import_efficientnet
from regard.packs.install import InstalledPack
from tests.packs.reference.chips import generated_chips
from tests.packs.test_mobilenetv2 import VALUES, WHOLE, saved, tensor

RECORDED = np.load(Path(__file__).parent / "reference" / "efficientnet.npz")


@pytest.mark.parametrize(("output", "width"), [("features", 1280), ("logits", 1000)])
def test_answers_are_those_of_pytorch(installed_pack: InstalledPack, output: str, width: int) -> None:
    """tests/packs/reference/make_efficientnet.py recorded what PyTorch makes of the same chips."""
    session = onnxruntime.InferenceSession(str(installed_pack.path("efficientnet")))
    (found,) = session.run([output], {"input": generated_chips(3, 260)})
    assert found.shape == (3, width)
    assert np.abs(found - RECORDED[output]).max() < 3e-5


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(KeyError, match=r"_conv_stem\.weight"):
        import_efficientnet(saved(OrderedDict(a=tensor(WHOLE, 0, (10,), (1,))), VALUES))
