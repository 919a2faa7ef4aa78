"""An audit whose pictures the machines of a cluster see: what this process would have measured."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pickled import PickledExecutor
from tests.scenes import PICTURES

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.evaluation.choices import Main
from regard.evaluation.dataset import read_dataset
from regard.operations.administration import model_audits
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.tasks.task_node import TaskNode


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "shared" / "people"
    folder.mkdir(parents=True)
    for name in ("astronaut", "hopper", "gravel"):
        shutil.copy(PICTURES / f"{name}.jpg", folder)
    (folder / "broken.jpg").write_bytes(b"no picture")
    lines = ["astronaut.jpg,a,30,f", "hopper.jpg,h,60,f", "gravel.jpg,g,,", "broken.jpg,b,,"]
    (folder / "labels.csv").write_text("\n".join(["file,identity,age,gender", *lines]))
    return folder


@pytest.fixture
def parts(installed_pack: InstalledPack, people: Path, tmp_path: Path) -> Iterator[Parts]:
    built = build(Settings.load({}, data=tmp_path / "data", buckets=f"shared={people.parent}"))
    yield built
    built.close()


def test_pictures_in_the_folder_of_a_bucket_are_seen_elsewhere_with_the_same_rates(
    parts: Parts, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(folder: Path) -> Any:
        dataset = read_dataset(folder)
        request = {"Dataset": dataset, "Face": Main.LARGEST, "Groups": (), "Listed": 10}
        return parts.gate.call("audit_bias", request, LOCAL)["Audit"]

    alone = measured(people)
    cluster = PickledExecutor(TaskNode(parts.settings, parts.models, parts.stores.objects))
    monkeypatch.setattr(model_audits, "cluster_of", lambda _settings: cluster)
    assert measured(people) == alone
    assert cluster.tasks == 2  # of three pictures, and of one
    assert [group.name for column in alone.columns for group in column.groups]
    assert dict(alone.unreadable).keys() == {"broken.jpg"}
    shutil.copytree(people, tmp_path / "own")
    assert measured(tmp_path / "own") == alone
    assert cluster.tasks == 2  # other machines don't have that folder
