"""A process with a project, and a bucket with a manifest of twenty pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.custom.lines import manifest
from tests.operations.custom_labels.asking import (
    PETS,
)

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    folder.mkdir()
    (folder / "train.manifest").write_bytes(manifest(*PETS))
    return folder


@pytest.fixture
def parts(folder: Path, tmp_path: Path) -> Iterator[Parts]:
    """Everything of a process, without models: nothing here sees a picture."""
    built = build(
        Settings.load({}, data=tmp_path / "data", buckets=f"pets={folder}", job_limit=2), has_models=False
    )
    yield built
    built.close()


@pytest.fixture
def project(parts: Parts) -> str:
    return str(parts.gate.call("create_project", {"ProjectName": "pets"}, LOCAL)["ProjectArn"])
