"""What a training has read of a data set's pictures is kept for the next one, and no longer than the set."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.custom.drawn import SHAPES, draw, fill
from tests.custom.test_training_crash import opened, run_some
from tests.custom.training import OUTPUT, assets, write_manifest

from regard.app import Parts
from regard.caller import LOCAL
from regard.operations.custom_labels.running import remove_features
from regard.operations.custom_labels.training import kept_features
from regard.operations.custom_labels.training.kept_features import KeptFeatures, remove_kept
from regard.packs.install import InstalledPack
from regard.storage.clock import milliseconds
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.image import Image
from regard.vision.pixels import Floats

WIDTH = 5
BACKBONE = "b" * 64
PICTURES = {bytes([number]) * 32: np.full(WIDTH, number, np.float32) for number in range(3)}


def kept(data: Path, dataset: str = "project/p/dataset/train/1") -> KeptFeatures:
    return KeptFeatures(data, dataset, BACKBONE, WIDTH)


def file_of(data: Path) -> Path:
    (file,) = (data / "custom" / "features").iterdir()
    return file


def test_features_are_there_for_the_next_training_of_the_data_set_alone(tmp_path: Path) -> None:
    kept(tmp_path).add(PICTURES)
    for picture, features in PICTURES.items():
        found = kept(tmp_path).get(picture)
        assert found is not None
        assert found.tolist() == features.tolist()
    assert kept(tmp_path, "project/p/dataset/test/1").get(bytes(32)) is None
    assert KeptFeatures(tmp_path, "project/p/dataset/train/1", "c" * 64, WIDTH).get(bytes(32)) is None
    assert file_of(tmp_path).stat().st_mode & 0o077 == 0


def test_a_torn_record_is_written_over_and_a_damaged_one_is_nobody_s(tmp_path: Path) -> None:
    first, second, third = PICTURES
    kept(tmp_path).add({first: PICTURES[first]})
    file = file_of(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:7])
    kept(tmp_path).add({second: PICTURES[second], third: PICTURES[third]})
    content = bytearray(file.read_bytes())
    assert len(content) == 3 * len(whole)
    content[len(whole) + 33] ^= 1
    file.write_bytes(content)
    assert [kept(tmp_path).get(one) is not None for one in PICTURES] == [True, False, True]


def test_a_file_that_is_full_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_features, "MAX_ROWS", 3)
    kept(tmp_path).add(PICTURES)
    kept(tmp_path).add({b"x" * 32: np.zeros(WIDTH, np.float32)})
    assert kept(tmp_path).get(b"x" * 32) is None


def test_a_folder_that_can_not_be_written_costs_the_features_alone(tmp_path: Path) -> None:
    (tmp_path / "custom").write_text("a file where the folder would be")
    kept(tmp_path).add(PICTURES)
    (tmp_path / "custom").unlink()
    assert kept(tmp_path).get(bytes(32)) is None


def test_files_of_data_sets_that_are_gone_or_long_unused_are_removed(tmp_path: Path) -> None:
    kept(tmp_path).add(PICTURES)
    there = ["project/p/dataset/train/1"]
    assert remove_kept(tmp_path, there, time.time()) == 0
    assert remove_kept(tmp_path, ["project/p/dataset/train/2"], time.time()) == 1
    kept(tmp_path).add(PICTURES)
    os.utime(file_of(tmp_path), (0, time.time() - 31 * 86_400))
    assert remove_kept(tmp_path, there, time.time()) == 1


@pytest.fixture
def parts(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Parts]:
    bucket = tmp_path / "videos"
    bucket.mkdir()
    write_manifest(bucket, "train.manifest", fill(bucket, 6))
    write_manifest(bucket, "test.manifest", fill(bucket, 2, first=100))
    built = opened(tmp_path / "data", bucket)
    yield built
    built.close()


def test_a_training_of_a_data_set_reads_only_what_is_new_and_a_deleted_set_leaves_nothing(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = parts.gate.call("create_project", {"ProjectName": "shapes"}, LOCAL)["ProjectArn"]
    datasets = {
        kind: parts.gate.call(
            "create_dataset",
            {
                "ProjectArn": project,
                "DatasetType": kind,
                "DatasetSource": assets(f"{kind.lower()}.manifest")["Assets"][0],
            },
            LOCAL,
        )["DatasetArn"]
        for kind in ("TRAIN", "TEST")
    }
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

    assert trained("v1") == 3 * (6 + 2)
    (tmp_path / "videos" / "circle-0000.jpg").write_bytes(draw(SHAPES[0], 999))
    assert trained("v2") == 1
    for dataset in datasets.values():
        parts.gate.call("delete_dataset", {"DatasetArn": dataset}, LOCAL)
    remove_features(parts.stores, parts.settings, milliseconds())
    assert list((tmp_path / "data" / "custom" / "features").iterdir()) == []
