"""Entries of data sets: changed, distributed, listed and counted."""

from __future__ import annotations

import pytest
from tests.custom.lines import boxed, classified
from tests.operations.custom_labels.asking import (
    PETS,
    call,
    create,
    describe,
    entries,
    of_manifest,
    update,
)

from regard.app import Parts
from regard.errors import (
    InvalidPaginationTokenException,
    InvalidParameterException,
)


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
