"""Pictures of a training that other machines read: the very features, and so the very model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.custom.adapters import write_both
from tests.custom.drawn import SHAPES, draw, fill
from tests.custom.test_training_crash import begun, opened, outputs, run_some
from tests.custom.training import OUTPUT, assets, write_manifest
from tests.pickled import PickledExecutor

from regard.app import Parts
from regard.caller import LOCAL
from regard.custom.manifests.faults import FaultCode
from regard.errors import RegardError
from regard.operations.custom_labels.adapters import run as adapter_run
from regard.operations.custom_labels.adapters.seeing_task import SeeingTask
from regard.operations.custom_labels.training import reading
from regard.operations.custom_labels.training.feature_task import FeatureTask, PictureToRead
from regard.operations.pictures.moderation_adapters import base_digest
from regard.packs.install import InstalledPack
from regard.tasks.task_node import TaskNode
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.image import Image
from regard.vision.pixels import Floats

STEPS_TO_PICTURES = {"CUSTOM_LABELS": 3, "CONTENT_MODERATION": 1}
NONE_KNOWN = np.zeros(0, np.uint64)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    pictures = [*fill(folder, 12), ("gone.jpg", SHAPES[0])]
    write_manifest(folder, "train.manifest", pictures)
    write_manifest(folder, "test.manifest", fill(folder, 4, first=100))
    write_both(folder)
    return folder


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> list[PickledExecutor]:
    """What reads the pictures from now on."""
    made: list[PickledExecutor] = []

    def executor_of(node: TaskNode) -> PickledExecutor:
        made.append(PickledExecutor(node))
        return made[-1]

    for module in (reading, adapter_run):
        monkeypatch.setattr(module, "executor_of", executor_of)
    return made


@pytest.fixture
def parts(installed_pack: InstalledPack, bucket: Path, tmp_path: Path) -> Iterator[Parts]:
    built = opened(tmp_path / "data", bucket)
    yield built
    built.close()


def node_of(parts: Parts) -> TaskNode:
    return TaskNode(parts.settings, parts.models, parts.stores.objects)


@pytest.mark.parametrize(
    "feature", ["CUSTOM_LABELS", pytest.param("CONTENT_MODERATION", marks=pytest.mark.slow)]
)
def test_a_training_whose_pictures_are_read_elsewhere_comes_to_the_same_model(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path, feature: str, request: pytest.FixtureRequest
) -> None:
    first = opened(tmp_path / "data", bucket)
    arn = begun(first, feature)
    first.close()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    alone = opened(tmp_path / "data", bucket)
    assert run_some(alone, None)
    expected, written = alone.stores.custom.versions.get(arn), outputs(bucket)
    alone.close()
    shutil.rmtree(bucket / "out")
    clusters: list[PickledExecutor] = request.getfixturevalue("clusters")
    together = opened(tmp_path / "other", bucket)
    assert not run_some(together, STEPS_TO_PICTURES[feature])  # whoever read the first pictures dies
    assert run_some(together, None)
    version = together.stores.custom.versions.get(arn)
    together.close()
    assert (version.model, version.f1) == (expected.model, expected.f1)
    assert outputs(bucket) == written
    assert len(clusters) == (2 if feature == "CUSTOM_LABELS" else 1)  # an adapter's are read in one step
    assert clusters[0].tasks > 5


def test_pictures_whose_features_are_kept_are_not_read_elsewhere_but_for_a_damaged_record(
    parts: Parts, tmp_path: Path, clusters: list[PickledExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = parts.gate.call("create_project", {"ProjectName": "shapes"}, LOCAL)["ProjectArn"]
    for kind in ("TRAIN", "TEST"):
        source = assets(f"{kind.lower()}.manifest")["Assets"][0]
        request = {"ProjectArn": project, "DatasetType": kind, "DatasetSource": source}
        parts.gate.call("create_dataset", request, LOCAL)
    read: list[str] = []
    ask = PictureFeatures.read

    def counting(self: PictureFeatures, image: Image) -> Floats:
        read.append(image.digest)
        return ask(self, image)

    monkeypatch.setattr(PictureFeatures, "read", counting)

    def trained(version: str) -> int:
        read.clear()
        request = {"ProjectArn": project, "VersionName": version, "OutputConfig": OUTPUT}
        parts.gate.call("create_project_version", request, LOCAL)
        assert run_some(parts, None)
        return len(read)

    assert trained("v1") == 3 * (12 + 4)
    assert trained("v2") == 0
    for file in (tmp_path / "data" / "custom" / "features").iterdir():
        content = bytearray(file.read_bytes())
        content[40] ^= 1
        file.write_bytes(content)
    assert trained("v3") == 2
    assert len(clusters) == 3


def test_a_machine_with_another_network_reads_nothing(parts: Parts) -> None:
    task = FeatureTask((PictureToRead("videos", "circle-0000.jpg"),), "0" * 64, NONE_KNOWN)
    with pytest.raises(RegardError, match="another model pack"):
        task.run(node_of(parts))
    with pytest.raises(RegardError, match="other models"):
        SeeingTask((("videos", "circle-0000.jpg"),), "0" * 64).run(node_of(parts))


def test_what_the_base_says_is_found_elsewhere_with_the_features_of_the_same_picture(
    parts: Parts, bucket: Path
) -> None:
    (bucket / "small.jpg").write_bytes(draw(SHAPES[0], 1)[:200])
    places = tuple(("videos", name) for name in ("gone.jpg", "square-0000.jpg", "small.jpg"))
    cluster = PickledExecutor(node_of(parts))
    (found,) = cluster.results([SeeingTask(places, base_digest(parts.models))])
    gone, square, small = found
    assert gone.fault is not None
    assert small.fault is not None
    assert {gone.fault.code, small.fault.code} == {FaultCode.INVALID_IMAGE}
    task = FeatureTask(
        (PictureToRead("videos", "square-0000.jpg"),), parts.models.features.digest, NONE_KNOWN
    )
    (features,) = task.run(node_of(parts))
    assert square.features is not None
    assert square.features.tolist() == features.features.tolist()
