"""Adapters of projects with AutoUpdate are trained anew once the models that they correct are others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.custom.adapters import CONFIG, write_both
from tests.custom.drawn import draw, fill
from tests.custom.test_training_crash import opened, run_some
from tests.custom.training import OUTPUT

from regard.app import Parts
from regard.caller import LOCAL
from regard.custom.version_records import Made, VersionStatus
from regard.custom.versions import keep_made
from regard.errors import ServiceError
from regard.jobs.leases import JobLeases
from regard.jobs.records import Status
from regard.operations.custom_labels.adapters.retraining import retrain_outdated
from regard.packs.install import InstalledPack

OTHER = "0" * 64


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    fill(folder, 12)
    fill(folder, 4, first=100)
    return folder


@pytest.fixture
def parts(installed_pack: InstalledPack, bucket: Path, tmp_path: Path) -> Iterator[Parts]:
    built = opened(tmp_path / "data", bucket)
    yield built
    built.close()


def outdated(parts: Parts, training: dict[str, Any], auto_update: str = "ENABLED") -> str:
    """The ARN of an adapter that was trained for models that are others by now."""
    made = {"ProjectName": "shop", "Feature": "CONTENT_MODERATION", "AutoUpdate": auto_update}
    project = parts.gate.call("create_project", made, LOCAL)["ProjectArn"]
    request = {"ProjectArn": project, "VersionName": "v1", "OutputConfig": OUTPUT, "FeatureConfig": CONFIG}
    arn = str(parts.gate.call("create_project_version", request | training, LOCAL)["ProjectVersionArn"])
    leases = JobLeases(parts.stores.jobs, seconds=60)
    lease = leases.take("worker")
    assert lease is not None
    result = Made(
        training={},
        testing={},
        f1=1.0,
        summary=None,
        manifest_summary=None,
        use_case="CONTENT_MODERATION",
        model="m",
        backbone=OTHER,
        billable_ms=1,
    )
    with parts.database.write() as connection:
        keep_made(connection, lease.job.job_id, result)
    leases.finish(lease, Status.SUCCEEDED)
    return arn


def told(parts: Parts) -> dict[str, Any]:
    projects = parts.gate.call("describe_projects", {"Features": ["CONTENT_MODERATION"]}, LOCAL)
    named = {"ProjectArn": projects["ProjectDescriptions"][0]["ProjectArn"]}
    (found,) = parts.gate.call("describe_project_versions", named, LOCAL)["ProjectVersionDescriptions"]
    return dict(found)


def test_an_adapter_of_other_models_is_trained_anew_and_answers_again_even_while_another_server_trains_it(
    parts: Parts, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = outdated(parts, write_both(bucket))
    request = {"Image": {"Bytes": draw("square", 999)}, "ProjectVersion": arn}
    assert told(parts)["Status"] == "EXPIRED"
    parts.upkeep.run_due()
    assert told(parts)["Status"] == "TRAINING_IN_PROGRESS"
    assert "ProjectVersion" not in parts.gate.call("detect_moderation_labels", request, LOCAL)
    assert run_some(parts, None)
    described = told(parts)
    assert described["Status"] == "TRAINING_COMPLETED"
    assert described["BaseModelVersion"] != "7.0-000000000000"
    assert parts.gate.call("detect_moderation_labels", request, LOCAL)["ProjectVersion"] == arn
    assert [one["version"] for one in parts.audit.export() if one["operation"] == "RetrainAdapter"] == [arn]
    monkeypatch.setattr("regard.operations.custom_labels.adapters.retraining.base_digest", lambda _: "1" * 64)
    assert retrain_outdated(parts.stores, parts.settings, parts.models, 1) == 1
    assert told(parts)["Status"] == "TRAINING_IN_PROGRESS"
    assert parts.gate.call("detect_moderation_labels", request, LOCAL)["ProjectVersion"] == arn


def test_a_retraining_whose_record_cannot_be_written_does_not_begin(
    parts: Parts, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = outdated(parts, write_both(bucket))

    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(parts.stores.audit, "append_within", fail)
    with pytest.raises(OSError, match="no room"):
        retrain_outdated(parts.stores, parts.settings, parts.models, 1)
    assert parts.stores.custom.versions.get(arn).status is VersionStatus.TRAINING_COMPLETED
    assert JobLeases(parts.stores.jobs, seconds=60).take("worker") is None


def test_a_retraining_that_fails_leaves_the_adapter_expired_and_is_not_tried_again(
    parts: Parts, bucket: Path
) -> None:
    arn = outdated(parts, write_both(bucket))
    (bucket / "adapter-train.manifest").unlink()
    parts.upkeep.run_due()
    leases = JobLeases(parts.stores.jobs, seconds=60)
    lease = leases.take("worker")
    assert lease is not None
    with pytest.raises(ServiceError) as failed:
        list(parts.gate.run_job(lease.job))
    leases.finish(lease, Status.FAILED, failed.value.message)
    described = told(parts)
    assert described["Status"] == "EXPIRED"
    assert "The automatic retraining failed: " in described["StatusMessage"]
    parts.upkeep.run_due()
    assert parts.stores.custom.versions.get(arn).status is VersionStatus.TRAINING_COMPLETED


def test_an_adapter_of_a_project_without_auto_update_stays_expired(parts: Parts, bucket: Path) -> None:
    outdated(parts, write_both(bucket), auto_update="DISABLED")
    parts.upkeep.run_due()
    assert told(parts)["Status"] == "EXPIRED"
