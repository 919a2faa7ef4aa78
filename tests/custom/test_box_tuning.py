"""Trainings of boxes with PyTorch. Skipped where it isn't installed: `pip install regard[train]`, then
`make test-all`.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.custom.drawn import draw_boxed
from tests.custom.lines import boxed
from tests.custom.test_training_crash import begun, opened
from tests.custom.training import write_lines

from regard.app import Parts
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.records import Status
from regard.packs.install import InstalledPack
from regard.vision.custom.tuned_boxes import TunedBoxModel
from regard.vision.custom.tuning import outcome, schedule
from regard.vision.image import decode_image

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch (regard[train]) is not installed"
)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name, seeds in (("train.manifest", range(10)), ("test.manifest", range(100, 103))):
        write_lines(folder, name, [written(folder, seed) for seed in seeds])
    return folder


def written(folder: Path, seed: int) -> dict[str, Any]:
    """The line of a picture with a box, which is drawn."""
    picture, box = draw_boxed("square", seed, (320, 240))
    (folder / f"boxed-{seed}.jpg").write_bytes(picture)
    line = boxed(f"boxed-{seed}.jpg", ("square", *box), size=(320, 240))
    return {**line, "source-ref": f"s3://videos/boxed-{seed}.jpg"}


def run_until(parts: Parts, stage: str | None) -> bool:
    """Runs a training until a step of a stage, as a worker would that then dies; whether it ended."""
    leases = JobLeases(parts.stores.jobs, seconds=0)
    lease = leases.take("worker")
    assert lease is not None
    running = parts.gate.run_job(lease.job)
    for step in running:
        leases.commit(lease, step)
        if step.state["stage"] == stage:
            running.close()
            return False
    leases.finish(lease, Status.SUCCEEDED)
    return True


@pytest.mark.slow
def test_a_fine_tuning_goes_on_from_any_epoch_to_the_same_model_which_answers(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_CANVASES", ((128, 3 * schedule.EPOCH),))
    monkeypatch.setattr(outcome, "MARGIN", -1.0)  # so that the fine-tuned one is kept in any case
    first = opened(tmp_path / "data", bucket)
    arn = begun(first)
    first.close()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    models = []
    for data, is_disturbed in ((tmp_path / "data", False), (tmp_path / "other", True)):
        parts, runs = opened(data, bucket), 0
        while not run_until(parts, "tune" if is_disturbed else None):
            runs += 1
        assert runs == (4 if is_disturbed else 0)  # behind the frozen fit, and behind each epoch
        models.append(parts.stores.custom.versions.get(arn).model)
        assert not list((data / "custom" / "training").glob("*"))
        trained = parts.stores.custom.opened.get(str(models[-1]))
        assert isinstance(trained, TunedBoxModel)
        parts.gate.call("start_project_version", {"ProjectVersionArn": arn, "MinInferenceUnits": 1}, LOCAL)
        picture = (bucket / "boxed-0.jpg").read_bytes()
        request = {"ProjectVersionArn": arn, "Image": {"Bytes": picture}, "MinConfidence": 0}
        found = parts.gate.call("detect_custom_labels", request, LOCAL)["CustomLabels"]
        expected = [100 * one.confidence for one in trained.find(decode_image(picture))]
        assert [one["Confidence"] for one in found] == expected
        parts.close()
    assert models[0] == models[1]
    (report,) = (bucket / "out").glob("Report-*.html")
    assert "that neither had learned from" in report.read_text()
