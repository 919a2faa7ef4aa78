"""Projects and data sets through the gate, and what goes wrong with them, in AWS's exceptions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.custom.lines import boxed, classified, manifest

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.errors import (
    AccessDeniedException,
    InvalidPaginationTokenException,
    InvalidParameterException,
    InvalidS3ObjectException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
    ResourceNotReadyException,
)
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations.custom_labels import datasets, making
from regard.settings import Settings

FAKE = "arn:aws:rekognition:us-east-1:000000000000:project/none/1"
FAKE_DATASET = "arn:aws:rekognition:us-east-1:000000000000:project/none/dataset/train/1"
PETS = [
    *(classified(f"cat{n}.jpg", "cat") for n in range(10)),
    *(classified(f"dog{n}.jpg", "dog") for n in range(10)),
]


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


def call(parts: Parts, operation: str, **request: Any) -> dict[str, Any]:
    return parts.gate.call(operation, request, LOCAL)


def of_manifest(name: str = "train.manifest", bucket: str = "pets") -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": name}}}


def create(parts: Parts, project: str, kind: str = "TRAIN", **request: Any) -> str:
    made = call(parts, "create_dataset", ProjectArn=project, DatasetType=kind, **request)
    return str(made["DatasetArn"])


def describe(parts: Parts, dataset: str) -> dict[str, Any]:
    described: dict[str, Any] = call(parts, "describe_dataset", DatasetArn=dataset)["DatasetDescription"]
    return described


def update(parts: Parts, dataset: str, *lines: dict[str, Any] | str) -> None:
    call(parts, "update_dataset_entries", DatasetArn=dataset, Changes={"GroundTruth": manifest(*lines)})


def entries(parts: Parts, dataset: str, **request: Any) -> list[dict[str, Any]]:
    found = call(parts, "list_dataset_entries", DatasetArn=dataset, **request)["DatasetEntries"]
    return [json.loads(line) for line in found]


def records(parts: Parts, operation: str) -> list[dict[str, Any]]:
    found = [json.loads(one[1]) for page in parts.audit.pages() for one in page]
    return [one for one in found if one["operation"] == operation]


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


def test_an_empty_data_set_is_filled_by_updates(parts: Parts, project: str) -> None:
    dataset = create(parts, project)
    assert describe(parts, dataset)["Status"] == "CREATE_COMPLETE"
    update(parts, dataset, *PETS[:2])
    told = describe(parts, dataset)
    assert (told["Status"], told["StatusMessage"]) == (
        "UPDATE_COMPLETE",
        "The dataset was successfully updated.",
    )
    assert told["LastUpdatedTimestamp"] >= told["CreationTimestamp"]
    assert entries(parts, dataset)[0].items() >= PETS[0].items()


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


def test_an_update_of_another_bucket_fails_in_the_guide_s_words_and_changes_nothing(
    parts: Parts, project: str
) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    update(parts, dataset, classified("new.jpg", "cat"), classified("1.jpg", "cat", bucket="other"))
    told = describe(parts, dataset)
    assert (told["Status"], told["StatusMessageCode"]) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert told["StatusMessage"] == "The manifest file contains images from multiple S3 buckets."
    assert told["DatasetStats"]["TotalEntries"] == 20


@pytest.mark.parametrize("changes", [b"nonsense", b"\n", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_changes_of_no_use_fail_and_change_nothing(parts: Parts, project: str, changes: bytes) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    call(parts, "update_dataset_entries", DatasetArn=dataset, Changes={"GroundTruth": changes})
    told = describe(parts, dataset)
    assert (told["Status"], told["DatasetStats"]["TotalEntries"]) == ("UPDATE_FAILED", 20)
    assert told["StatusMessage"].startswith("The manifest file")


def test_a_fifth_is_distributed_once(parts: Parts, project: str) -> None:
    train = create(parts, project, DatasetSource=of_manifest())
    test = create(parts, project, "TEST")
    both = [{"Arn": train}, {"Arn": test}]
    call(parts, "distribute_dataset_entries", Datasets=both)
    assert describe(parts, train)["DatasetStats"]["TotalEntries"] == 16
    assert describe(parts, test)["DatasetStats"]["TotalEntries"] == 4
    assert (describe(parts, train)["Status"], describe(parts, test)["Status"]) == ("UPDATE_COMPLETE",) * 2
    with pytest.raises(InvalidParameterException, match="not empty"):
        call(parts, "distribute_dataset_entries", Datasets=both)


def test_only_the_two_sets_of_one_project_are_distributed(parts: Parts, project: str) -> None:
    train = create(parts, project, DatasetSource=of_manifest())
    other = call(parts, "create_project", ProjectName="other")["ProjectArn"]
    test = create(parts, other, "TEST")
    for both in ([{"Arn": train}, {"Arn": test}], [{"Arn": train}, {"Arn": train}]):
        with pytest.raises(InvalidParameterException, match="one project"):
            call(parts, "distribute_dataset_entries", Datasets=both)


def test_what_there_is_not_is_not_found(parts: Parts, project: str) -> None:
    for operation, request in (
        ("delete_project", {"ProjectArn": FAKE}),
        ("create_dataset", {"ProjectArn": FAKE, "DatasetType": "TRAIN"}),
        (
            "create_dataset",
            {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": {"DatasetArn": FAKE_DATASET}},
        ),
        ("describe_dataset", {"DatasetArn": FAKE_DATASET}),
        ("delete_dataset", {"DatasetArn": FAKE_DATASET}),
        ("list_dataset_entries", {"DatasetArn": FAKE_DATASET}),
        ("list_dataset_labels", {"DatasetArn": FAKE_DATASET}),
        ("update_dataset_entries", {"DatasetArn": FAKE_DATASET, "Changes": {"GroundTruth": b"{}"}}),
        ("distribute_dataset_entries", {"Datasets": [{"Arn": FAKE_DATASET}] * 2}),
        ("list_project_policies", {"ProjectArn": FAKE}),
        ("list_tags_for_resource", {"ResourceArn": FAKE}),
        ("tag_resource", {"ResourceArn": FAKE_DATASET, "Tags": {"a": "b"}}),
    ):
        with pytest.raises(ResourceNotFoundException):
            call(parts, operation, **request)


def test_names_and_types_are_taken_once(parts: Parts, project: str) -> None:
    with pytest.raises(ResourceInUseException):
        call(parts, "create_project", ProjectName="pets")
    create(parts, project)
    with pytest.raises(ResourceAlreadyExistsException):
        create(parts, project)
    with pytest.raises(ResourceInUseException):
        call(parts, "delete_project", ProjectArn=project)


def test_a_source_is_a_manifest_or_a_data_set(parts: Parts, project: str) -> None:
    with pytest.raises(InvalidParameterException, match="either"):
        create(parts, project, DatasetSource=of_manifest() | {"DatasetArn": FAKE_DATASET})
    with pytest.raises(InvalidParameterException, match="Bucket and Name"):
        create(parts, project, DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": "pets"}}})


def test_an_adapter_s_project_is_listed_where_it_is_asked_for_and_has_no_data_sets(parts: Parts) -> None:
    arn = call(parts, "create_project", ProjectName="mod", Feature="CONTENT_MODERATION")["ProjectArn"]
    assert call(parts, "describe_projects")["ProjectDescriptions"] == []
    [told] = call(parts, "describe_projects", Features=["CONTENT_MODERATION"])["ProjectDescriptions"]
    assert (told["Feature"], told["AutoUpdate"], told["Datasets"]) == ("CONTENT_MODERATION", "DISABLED", [])
    with pytest.raises(InvalidParameterException, match="adapter"):
        create(parts, arn)
    with pytest.raises(InvalidParameterException, match="AutoUpdate"):
        call(parts, "create_project", ProjectName="other", AutoUpdate="ENABLED")


def test_projects_are_told_as_clients_index_them(parts: Parts, project: str) -> None:
    for number in range(4):
        call(parts, "create_project", ProjectName=f"p{number}")
    found: list[str] = []
    token: dict[str, str] = {"NextToken": ""}
    while token:
        page = call(parts, "describe_projects", MaxResults=2, **token)
        found += [one["ProjectArn"].split("/")[1] for one in page["ProjectDescriptions"]]
        assert all(one["Datasets"] == [] and "Feature" not in one for one in page["ProjectDescriptions"])
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
    assert found == ["pets", "p0", "p1", "p2", "p3"]
    named = call(parts, "describe_projects", ProjectNames=["p3", "none", "p1"])["ProjectDescriptions"]
    assert [one["ProjectArn"].split("/")[1] for one in named] == ["p1", "p3"]


def test_entries_are_filtered_and_a_token_is_of_its_filter(parts: Parts, project: str) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    update(
        parts, dataset, classified("none.jpg"), boxed("bad.jpg", ("owl", -1, 0, 9, 9), ("owl", 0, 0, 9, 9))
    )
    assert len(entries(parts, dataset, ContainsLabels=["dog", "owl"])) == 11
    assert [one["source-ref"] for one in entries(parts, dataset, Labeled=False)] == ["s3://pets/none.jpg"]
    [wrong] = entries(parts, dataset, HasErrors=True)
    assert wrong["bounding-box"]["annotations"][0]["cl-errors"] == [
        {"code": "ERROR_INVALID_BOUNDING_BOX", "message": "The bounding box has off frame values."}
    ]
    assert len(entries(parts, dataset, SourceRefContains="pets/cat1")) == 1
    page = call(parts, "list_dataset_entries", DatasetArn=dataset, MaxResults=15)
    rest = call(parts, "list_dataset_entries", DatasetArn=dataset, NextToken=page["NextToken"])
    assert (len(page["DatasetEntries"]), len(rest["DatasetEntries"]), "NextToken" in rest) == (15, 7, False)
    with pytest.raises(InvalidPaginationTokenException):
        call(parts, "list_dataset_entries", DatasetArn=dataset, Labeled=True, NextToken=page["NextToken"])


def test_labels_are_counted_a_page_at_a_time(parts: Parts, project: str) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    first = call(parts, "list_dataset_labels", DatasetArn=dataset, MaxResults=1)
    second = call(parts, "list_dataset_labels", DatasetArn=dataset, NextToken=first["NextToken"])
    assert first["DatasetLabelDescriptions"] + second["DatasetLabelDescriptions"] == [
        {"LabelName": name, "LabelStats": {"EntryCount": 10, "BoundingBoxCount": 0}}
        for name in ("cat", "dog")
    ]


def test_projects_and_data_sets_have_tags_of_which_regard_s_own_is_the_project_s(
    parts: Parts, project: str
) -> None:
    call(parts, "tag_resource", ResourceArn=project, Tags={"regard:none": "other", "team": "a"})
    dataset = create(parts, project, Tags={"team": "b"})
    assert call(parts, "list_tags_for_resource", ResourceArn=dataset)["Tags"] == {"team": "b"}
    call(parts, "untag_resource", ResourceArn=project, TagKeys=["team"])
    assert call(parts, "list_tags_for_resource", ResourceArn=project)["Tags"] == {"regard:none": "other"}
    for arn, tag in ((dataset, "regard:none"), (project, "regard:purpose"), (project, "regard:looks")):
        with pytest.raises(InvalidParameterException):
            call(parts, "tag_resource", ResourceArn=arn, Tags={tag: "general"})
    with pytest.raises(InvalidParameterException, match="projects of custom labels"):
        call(parts, "create_collection", CollectionId="c", Tags={"regard:none": "other"})


def test_who_may_not_train_may_read_where_their_policy_lets_them(parts: Parts, project: str) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    reader = parts.keys.create("reader", "auditor").holder
    assert parts.gate.call("list_dataset_labels", {"DatasetArn": dataset}, reader)["DatasetLabelDescriptions"]
    with pytest.raises(AccessDeniedException):
        parts.gate.call("delete_dataset", {"DatasetArn": dataset}, reader)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": ["rekognition:ListDatasetEntries", "rekognition:DistributeDatasetEntries"],
                "Resource": "arn:aws:rekognition:*:*:project/pets/*",
            },
        ],
    }
    kept_out = parts.keys.create("kept-out", "operator", policy=policy).holder
    with pytest.raises(AccessDeniedException):
        parts.gate.call("list_dataset_entries", {"DatasetArn": dataset}, kept_out)
    copy = {"ProjectArn": project, "DatasetType": "TEST", "DatasetSource": {"DatasetArn": dataset}}
    with pytest.raises(AccessDeniedException, match="ListDatasetEntries"):
        parts.gate.call("create_dataset", copy, kept_out)
    other = call(parts, "create_project", ProjectName="other")["ProjectArn"]
    mixed = [{"Arn": create(parts, other)}, {"Arn": dataset}]
    with pytest.raises(AccessDeniedException):
        parts.gate.call("distribute_dataset_entries", {"Datasets": mixed}, kept_out)
