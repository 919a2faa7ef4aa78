"""Trainings of labels with PyTorch. Skipped where it isn't installed: `pip install regard[train]`, then
`make test-all`.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tests.custom.drawn import fill
from tests.custom.test_box_tuning import run_until
from tests.custom.test_training_crash import begun, opened
from tests.custom.training import write_manifest

from regard.caller import LOCAL
from regard.vision.custom.tuned_labels import TunedLabelModel
from regard.vision.custom.tuning import label_schedule, outcome
from regard.vision.image import decode_image
from regard.vision.pixels import resize

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch (regard[train]) is not installed"
)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    write_manifest(folder, "train.manifest", fill(folder, 10))
    write_manifest(folder, "test.manifest", fill(folder, 4, first=100))
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("installed_pack")
def test_a_fine_tuning_of_labels_goes_on_from_any_epoch_to_the_same_model_which_answers(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.vision.custom.tuning import torch_labels

    for module in (label_schedule, torch_labels):
        monkeypatch.setattr(module, "EPOCH", 3)
    monkeypatch.setattr(label_schedule, "_MIN_VIEWS", 96)
    monkeypatch.setattr(label_schedule, "_SIDES", ((96, 96), (96, 96)))
    for name, value in (("MARGIN", -1.0), ("MIN_LABELLED", 10), ("GOOD_ENOUGH", 2.0)):
        monkeypatch.setattr(outcome, name, value)  # so that it is tuned, and kept, in any case
    first = opened(tmp_path / "data", bucket)
    arn = begun(first)
    first.close()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    models = []
    for data, is_disturbed in ((tmp_path / "data", False), (tmp_path / "other", True)):
        parts, runs = opened(data, bucket), 0
        while not run_until(parts, "tune" if is_disturbed else None):
            runs += 1
        assert runs == (5 if is_disturbed else 0)  # at the beginning, and behind each epoch
        models.append(parts.stores.custom.versions.get(arn).model)
        assert not list((data / "custom" / "training").glob("*"))
        trained = parts.stores.custom.opened.get(str(models[-1]))
        assert isinstance(trained, TunedLabelModel)
        parts.gate.call("start_project_version", {"ProjectVersionArn": arn, "MinInferenceUnits": 1}, LOCAL)
        picture = (bucket / "circle-0000.jpg").read_bytes()
        request = {"ProjectVersionArn": arn, "Image": {"Bytes": picture}, "MinConfidence": 0}
        found = parts.gate.call("detect_custom_labels", request, LOCAL)["CustomLabels"]
        expected = dict(zip(trained.names, trained.confidences([decode_image(picture)])[0], strict=True))
        assert {one["Name"]: one["Confidence"] for one in found} == {
            name: pytest.approx(100 * one) for name, one in expected.items()
        }
        parts.close()
    assert models[0] == models[1]
    (report,) = (bucket / "out").glob("Report-*.html")
    assert "the fine-tuned one was kept" in report.read_text()
    (file,) = (bucket / "out").glob("Model-*.onnx")
    said = onnxruntime.InferenceSession(file).run(
        None, {"input": resize(decode_image(picture).pixels, 224, 224)[np.newaxis]}
    )
    assert said[0][0].tolist() == pytest.approx(list(expected.values()), abs=1e-6)
