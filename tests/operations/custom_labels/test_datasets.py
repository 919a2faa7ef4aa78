"""Data sets of manifests, of other data sets and by jobs."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.custom.lines import classified, manifest
from tests.operations.custom_labels.asking import (
    FAKE_DATASET,
    PETS,
    call,
    create,
    describe,
    entries,
    of_manifest,
    records,
    update,
)

from regard.app import Parts
from regard.errors import (
    InvalidParameterException,
    InvalidS3ObjectException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotReadyException,
)
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations.custom_labels import datasets, making


def test_a_data_set_of_a_manifest_says_that_it_is_complete(parts: Parts, project: str) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    told = describe(parts, dataset)
    assert (told["Status"], told["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")
    assert told["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert told["DatasetStats"] == {
        "LabeledEntries": 20,
        "TotalEntries": 20,
        "TotalLabels": 2,
        "ErrorEntries": 0,
    }
    listed = call(parts, "describe_projects")["ProjectDescriptions"][0]["Datasets"]
    assert [(one["DatasetType"], one["DatasetArn"], one["Status"]) for one in listed] == [
        ("TRAIN", dataset, "CREATE_COMPLETE")
    ]


def test_a_data_set_is_copied_with_its_entries(parts: Parts, project: str) -> None:
    first = create(parts, project, DatasetSource=of_manifest())
    update(parts, first, classified("odd.jpg", "cat", type="wrong"))
    other = call(parts, "create_project", ProjectName="other")["ProjectArn"]
    second = create(parts, other, "TEST", DatasetSource={"DatasetArn": first})
    assert entries(parts, second) == entries(parts, first)
    assert describe(parts, second)["DatasetStats"] == describe(parts, first)["DatasetStats"]


BROKEN = {
    "The manifest file is empty.": b"",
    "The manifest file has too many terminal errors.": b"nonsense\n{}\n",
    "The manifest file contains images from multiple S3 buckets.": manifest(
        PETS[0], classified("1.jpg", "cat", bucket="other")
    ),
    "The manifest file has too many labels.": manifest(
        *(classified(f"{n}.jpg", f"label {n}") for n in range(251))
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_manifest_of_no_use_fails_in_the_guide_s_words(
    parts: Parts, project: str, folder: Path, message: str
) -> None:
    (folder / "broken.manifest").write_bytes(BROKEN[message])
    dataset = create(parts, project, DatasetSource=of_manifest("broken.manifest"))
    told = describe(parts, dataset)
    assert (told["Status"], told["StatusMessageCode"]) == ("CREATE_FAILED", "CLIENT_ERROR")
    assert told["StatusMessage"] == message
    with pytest.raises(ResourceNotReadyException):
        entries(parts, dataset)
    call(parts, "delete_dataset", DatasetArn=dataset)
    create(parts, project, DatasetSource=of_manifest())


def test_lines_of_no_use_are_dropped_and_counted_in_the_audit_log(
    parts: Parts, project: str, folder: Path
) -> None:
    (folder / "mixed.manifest").write_bytes(manifest(PETS[0], "nonsense", "{}", PETS[0], PETS[1]))
    dataset = create(parts, project, DatasetSource=of_manifest("mixed.manifest"))
    assert describe(parts, dataset)["DatasetStats"]["TotalEntries"] == 2
    record = records(parts, "CreateDataset")[0]
    assert (record["kept"], record["left_out"]) == (2, 3)
    assert record["project"] == project.split(":", 5)[5]
    assert record["dataset"] == dataset.split(":", 5)[5]


@pytest.mark.parametrize("name", ["none.manifest", "../data/regard.db", "/etc/passwd", "."])
def test_a_manifest_that_can_not_be_read_makes_no_data_set(parts: Parts, project: str, name: str) -> None:
    with pytest.raises(InvalidS3ObjectException):
        create(parts, project, DatasetSource=of_manifest(name))
    assert call(parts, "describe_projects")["ProjectDescriptions"][0]["Datasets"] == []


def test_a_large_manifest_is_left_to_a_job(
    parts: Parts, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_AT_ONCE", 100)
    monkeypatch.setattr(making, "CHUNK", 3)
    dataset = create(parts, project, DatasetSource=of_manifest())
    assert describe(parts, dataset)["Status"] == "CREATE_IN_PROGRESS"
    with pytest.raises(ResourceInUseException):
        call(parts, "delete_dataset", DatasetArn=dataset)
    with pytest.raises(ResourceNotReadyException):
        entries(parts, dataset)
    leases = JobLeases(parts.stores.jobs, seconds=60, attempts=3)
    assert Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60).run_one(threading.Event())
    assert describe(parts, dataset)["Status"] == "CREATE_COMPLETE"
    assert describe(parts, dataset)["DatasetStats"]["TotalEntries"] == 20
    [job] = call(parts, "list_jobs")["Jobs"]
    assert (job["API"], job["ProjectArn"], job["JobStatus"]) == ("CreateDataset", project, "SUCCEEDED")


def test_a_job_that_lost_its_worker_goes_on_and_writes_nothing_twice(
    parts: Parts, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_AT_ONCE", 100)
    monkeypatch.setattr(making, "CHUNK", 3)
    dataset = create(parts, project, DatasetSource=of_manifest())
    [job] = parts.stores.jobs.page(limit=10)
    lost = parts.gate.run_job(job)
    first, _ = next(lost), next(lost)  # whose lines are written, and whose step was not committed
    lost.close()
    list(parts.gate.run_job(replace(job, state=dict(first.state))))
    assert describe(parts, dataset)["Status"] == "CREATE_COMPLETE"
    assert describe(parts, dataset)["DatasetStats"]["TotalEntries"] == 20
    assert [one["source-ref"] for one in entries(parts, dataset)] == [one["source-ref"] for one in PETS]
    assert records(parts, "CreateDataset")[-1]["kept"] == 20


def test_a_data_set_whose_job_was_cancelled_has_failed(
    parts: Parts, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_AT_ONCE", 100)
    dataset = create(parts, project, DatasetSource=of_manifest())
    [job] = parts.stores.jobs.page(limit=10)
    parts.stores.jobs.cancel(job)
    assert describe(parts, dataset)["Status"] == "CREATE_FAILED"
    call(parts, "delete_dataset", DatasetArn=dataset)


def test_no_data_set_is_left_where_there_are_too_many_jobs(
    parts: Parts, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_AT_ONCE", 100)
    create(parts, project, DatasetSource=of_manifest())
    create(parts, project, "TEST", DatasetSource=of_manifest())
    other = call(parts, "create_project", ProjectName="other")["ProjectArn"]
    with pytest.raises(LimitExceededException):
        create(parts, other, DatasetSource=of_manifest())
    assert (
        call(parts, "describe_projects", ProjectNames=["other"])["ProjectDescriptions"][0]["Datasets"] == []
    )


def test_a_source_is_a_manifest_or_a_data_set(parts: Parts, project: str) -> None:
    with pytest.raises(InvalidParameterException, match="either"):
        create(parts, project, DatasetSource=of_manifest() | {"DatasetArn": FAKE_DATASET})
    with pytest.raises(InvalidParameterException, match="Bucket and Name"):
        create(parts, project, DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": "pets"}}})
