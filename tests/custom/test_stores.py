"""Projects, policies, data sets and entries, on either database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.custom.lines import boxed, classified
from tests.postgres import Place

from regard.custom.datasets import HELD, keep_datasets, release_datasets
from regard.custom.distribution import SplitCandidate, distribute, draw_test_entries
from regard.custom.entries import CHUNK, EntriesRefused, EntryFilter
from regard.custom.manifests.entry import ManifestLine
from regard.custom.manifests.reading import read_line
from regard.custom.policies import check_document
from regard.custom.records import CustomDataset, DatasetOutcome, DatasetStatus, DatasetType, Project
from regard.custom.stores import CustomLabels
from regard.errors import (
    InvalidPolicyRevisionIdException,
    MalformedPolicyDocumentException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from regard.jobs.store import JobStore
from regard.storage.clock import milliseconds
from regard.storage.schema import dataset_entries, dataset_labels, entry_labels

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "rekognition:CopyProjectVersion",
            "Resource": "arn:aws:rekognition:us-east-1:111122223333:project/pets/*",
        }
    ],
}


@pytest.fixture
def custom(place: Place) -> CustomLabels:
    database = place.open()
    return CustomLabels.of(database, JobStore(database), trainings=1)


@pytest.fixture
def project(custom: CustomLabels) -> Project:
    return custom.projects.create("pets")


def arn(resource: str) -> str:
    return f"arn:aws:rekognition:us-east-1:123456789012:{resource}"


def made(custom: CustomLabels, project: Project, kind: DatasetType = DatasetType.TRAIN) -> CustomDataset:
    dataset = custom.datasets.create(project, kind)
    return custom.datasets.end(dataset, DatasetStatus.CREATE_COMPLETE)


def read(lines: Sequence[dict[str, Any]]) -> list[ManifestLine]:
    found = [read_line(json.dumps(line), number) for number, line in enumerate(lines, 1)]
    return [line for line in found if isinstance(line, ManifestLine)]


def put(custom: CustomLabels, dataset: CustomDataset, *lines: dict[str, Any]) -> CustomDataset:
    held = custom.datasets.begin_update(dataset)
    custom.entries.write(held, read(lines), replaces=True)
    return custom.datasets.end(held, DatasetStatus.UPDATE_COMPLETE)


def sources(custom: CustomLabels, dataset: CustomDataset, **wanted: Any) -> list[str]:
    """The names of the pictures that are listed, three a page."""
    found: list[str] = []
    after = 0
    while page := custom.entries.page(dataset, EntryFilter(**wanted), after=after, limit=3):
        found += [json.loads(content)["source-ref"].rsplit("/", 1)[1] for _, content in page]
        after = page[-1][0]
    return found


def counted(custom: CustomLabels, dataset: CustomDataset) -> dict[str, tuple[int, int]]:
    return {one.name: (one.entries, one.boxed) for one in custom.entries.labels(dataset, after=0, limit=300)}


def test_a_project_is_found_by_its_arn_whatever_region_and_account_say(custom: CustomLabels) -> None:
    made = custom.projects.create("pets")
    assert custom.projects.get(f"arn:aws:rekognition:eu-west-1:999999999999:{made.resource}") == made
    with pytest.raises(ResourceNotFoundException):
        custom.projects.get(arn("project/pets/1"))


def test_a_name_is_taken_until_its_project_is_deleted(custom: CustomLabels, project: Project) -> None:
    with pytest.raises(ResourceInUseException, match="already exists"):
        custom.projects.create("pets")
    custom.projects.delete(project)
    assert custom.projects.create("pets").row != project.row


def test_a_project_with_a_data_set_is_not_deleted(custom: CustomLabels, project: Project) -> None:
    dataset = made(custom, project)
    with pytest.raises(ResourceInUseException, match="data sets"):
        custom.projects.delete(project)
    custom.datasets.delete(dataset)
    custom.projects.delete(project)


def test_a_policy_is_replaced_by_its_current_revision_alone(custom: CustomLabels, project: Project) -> None:
    first = custom.policies.put(project, "copy", json.dumps(POLICY), None)
    with pytest.raises(ResourceAlreadyExistsException):
        custom.policies.put(project, "copy", json.dumps(POLICY), None)
    second = custom.policies.put(project, "copy", json.dumps(POLICY), first.revision)
    assert second.created == first.created
    with pytest.raises(InvalidPolicyRevisionIdException):
        custom.policies.put(project, "copy", json.dumps(POLICY), first.revision)
    with pytest.raises(InvalidPolicyRevisionIdException):
        custom.policies.delete(project, "copy", first.revision)
    custom.policies.delete(project, "copy", None)
    assert custom.policies.all(project) == []


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "rekognition:*"},
        {"NotAction": "rekognition:DetectLabels"},
        {"Condition": {"StringEquals": {}}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": {"AWS": "everybody"}},
        {"Resource": "arn:aws:s3:::pets"},
        {"Effect": "Perhaps"},
        {"Principal": None},
    ],
)
def test_a_policy_that_could_not_be_kept_to_is_refused(change: dict[str, Any]) -> None:
    statement = POLICY["Statement"][0] | change
    document = POLICY | {"Statement": [{name: one for name, one in statement.items() if one is not None}]}
    with pytest.raises(MalformedPolicyDocumentException):
        check_document(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 50_000, json.dumps(POLICY | {"Statement": []})])
def test_a_document_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(MalformedPolicyDocumentException):
        check_document(text)


def test_a_project_has_one_data_set_of_a_kind(custom: CustomLabels, project: Project) -> None:
    made(custom, project)
    with pytest.raises(ResourceAlreadyExistsException):
        custom.datasets.create(project, DatasetType.TRAIN)
    made(custom, project, DatasetType.TEST)
    assert [one.type.value for one in custom.datasets.of_projects([project])[project.row]] == [
        "TRAIN",
        "TEST",
    ]


def test_work_whose_hold_is_over_was_broken_off(custom: CustomLabels, project: Project) -> None:
    making = custom.datasets.create(project, DatasetType.TRAIN)
    assert making.as_of(milliseconds()).status is DatasetStatus.CREATE_IN_PROGRESS
    late = making.as_of(milliseconds() + HELD + 1)
    assert (late.status, late.code) == (DatasetStatus.CREATE_FAILED, DatasetOutcome.SERVICE_ERROR)
    updating = custom.datasets.begin_update(custom.datasets.end(making, DatasetStatus.CREATE_COMPLETE))
    assert updating.as_of(milliseconds() + HELD + 1).status is DatasetStatus.UPDATE_FAILED


def test_one_at_a_time_changes_a_data_set(custom: CustomLabels, project: Project) -> None:
    dataset = made(custom, project)
    held = custom.datasets.begin_update(dataset)
    with pytest.raises(ResourceInUseException, match="UPDATE_IN_PROGRESS"):
        custom.datasets.begin_update(dataset)
    with pytest.raises(ResourceInUseException):
        custom.datasets.delete(dataset)
    custom.datasets.end(held, DatasetStatus.UPDATE_COMPLETE)
    with pytest.raises(ResourceInUseException):
        custom.entries.write(held, read([classified("1.jpg", "cat")]), replaces=True)


def test_a_data_set_that_is_trained_on_is_not_deleted(custom: CustomLabels, project: Project) -> None:
    dataset = made(custom, project)
    with custom.datasets.database.write() as connection:
        keep_datasets(connection, [dataset], "project/pets/version/1/1")
    with pytest.raises(ResourceInUseException, match="training"):
        custom.datasets.delete(dataset)
    with custom.datasets.database.write() as connection:
        release_datasets(connection, "project/pets/version/1/1")
    custom.datasets.delete(dataset)
    with pytest.raises(ResourceNotFoundException):
        custom.datasets.get(arn(dataset.resource))


def test_nothing_is_left_of_a_deleted_data_set(custom: CustomLabels, project: Project) -> None:
    dataset = put(
        custom, made(custom, project), classified("1.jpg", "cat"), boxed("2.jpg", ("dog", 0, 0, 9, 9))
    )
    custom.tags.put(dataset.resource, {"for": "tests"})
    custom.datasets.delete(dataset)
    with custom.datasets.database.read() as connection:
        for table in (dataset_entries, dataset_labels, entry_labels):
            assert connection.execute(table.select()).all() == []
    with pytest.raises(ResourceNotFoundException):
        custom.tags.all(dataset.resource)


def test_entries_are_counted_and_listed_by_what_they_have(custom: CustomLabels, project: Project) -> None:
    dataset = put(
        custom,
        made(custom, project),
        classified("1.jpg", "cat"),
        classified("2.jpg", "cat", "outdoors"),
        classified("3.jpg"),
        boxed("4.jpg", ("cat", 0, 0, 64, 48), ("dog", 0, 0, 64, 48)),
        classified("5.jpg", "cat", type="groundtruth/wrongtype"),
        boxed("6.jpg", ("dog", 0, 0, 64, 48), ("dog", -1, 0, 64, 48)),
        classified("A_1.jpg", "Cat"),
    )
    assert (dataset.total, dataset.labelled, dataset.with_errors, dataset.labels) == (7, 5, 2, 4)
    assert dataset.bucket == "pets"
    assert counted(custom, dataset) == {"cat": (3, 1), "outdoors": (1, 0), "dog": (2, 2), "Cat": (1, 0)}
    everything = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg", "A_1.jpg"]
    assert sources(custom, dataset) == everything
    assert sources(custom, dataset, is_labelled=False) == ["3.jpg", "5.jpg"]
    assert sources(custom, dataset, is_labelled=True) == ["1.jpg", "2.jpg", "4.jpg", "6.jpg", "A_1.jpg"]
    assert sources(custom, dataset, has_error=True) == ["5.jpg", "6.jpg"]
    assert sources(custom, dataset, labels=("cat",)) == ["1.jpg", "2.jpg", "4.jpg"]
    assert sources(custom, dataset, labels=("outdoors", "dog", "cat")) == ["1.jpg", "2.jpg", "4.jpg", "6.jpg"]
    assert sources(custom, dataset, labels=("dog",), has_error=False) == ["4.jpg"]
    assert sources(custom, dataset, labels=("cat", "dog"), has_error=True) == ["6.jpg"]
    assert sources(custom, dataset, labels=("cat", "dog"), source_ref_contains="s/4") == ["4.jpg"]
    assert sources(custom, dataset, labels=("mouse",)) == []
    assert sources(custom, dataset, labels=("mouse",), source_ref_contains="s/4") == []
    assert sources(custom, dataset, labels=("cat",), is_labelled=False) == []
    assert sources(custom, dataset, source_ref_contains="s/A_1") == ["A_1.jpg"]
    assert sources(custom, dataset, source_ref_contains="a_1") == []
    assert sources(custom, dataset, source_ref_contains="%") == []
    assert [one.line for one in custom.entries.all(dataset, usable=True)] == [1, 2, 4, 6, 7]


def test_an_entry_of_the_same_picture_is_replaced_at_its_place(
    custom: CustomLabels, project: Project
) -> None:
    dataset = put(custom, made(custom, project), classified("1.jpg", "cat"), classified("2.jpg", "cat"))
    dataset = put(custom, dataset, boxed("1.jpg", ("dog", 0, 0, 64, 48)), classified("3.jpg", "cat"))
    assert sources(custom, dataset) == ["1.jpg", "2.jpg", "3.jpg"]
    assert counted(custom, dataset) == {"cat": (2, 0), "dog": (1, 1)}
    dataset = put(custom, dataset, classified("1.jpg"))
    assert (dataset.total, dataset.labelled, dataset.labels) == (3, 2, 1)


def test_a_second_line_of_a_picture_is_left_out(custom: CustomLabels, project: Project) -> None:
    making = custom.datasets.create(project, DatasetType.TRAIN)
    first = read([classified("1.jpg", "cat"), classified("1.jpg", "dog")])
    assert [line.number for line in custom.entries.write(making, first, replaces=False)] == [2]
    again = custom.entries.write(making, first[:1], replaces=False)  # as after a crash
    assert again == []
    later = read([{}, {}, classified("1.jpg", "dog")])
    assert [line.number for line in custom.entries.write(making, later, replaces=False)] == [3]
    dataset = custom.datasets.end(making, DatasetStatus.CREATE_COMPLETE)
    assert dataset.total == 1
    assert counted(custom, dataset) == {"cat": (1, 0)}


def test_lines_that_can_not_all_join_leave_nothing_behind(custom: CustomLabels, project: Project) -> None:
    dataset = put(custom, made(custom, project), classified("1.jpg", "cat"))
    held = custom.datasets.begin_update(dataset)
    many = [classified(f"{n}.jpg", "cat") for n in range(CHUNK)]
    with pytest.raises(EntriesRefused, match="^The manifest file contains images from multiple S3 buckets.$"):
        custom.entries.write(held, read([*many, classified("2.jpg", "cat", bucket="other")]), replaces=True)
    labels = [classified(f"{n}.jpg", f"label {n}") for n in range(251)]
    with pytest.raises(EntriesRefused, match="too many labels"):
        custom.entries.write(held, read(labels), replaces=True)
    dataset = custom.datasets.end(held, DatasetStatus.UPDATE_FAILED)
    assert dataset.total == 1
    assert sources(custom, dataset) == ["1.jpg"]


def test_a_fifth_of_each_label_becomes_the_test_set(custom: CustomLabels, project: Project) -> None:
    labels = ["cat"] * 50 + ["dog"] * 20 + ["owl"] * 5
    lines = [classified(f"{n}.jpg", label) for n, label in enumerate(labels)]
    train, test = put(custom, made(custom, project), *lines), made(custom, project, DatasetType.TEST)
    distribute(custom.datasets, train, test, "seed")
    train, test = custom.datasets.get(arn(train.resource)), custom.datasets.get(arn(test.resource))
    assert (train.status, test.status) == (DatasetStatus.UPDATE_COMPLETE, DatasetStatus.UPDATE_COMPLETE)
    assert counted(custom, train) == {"cat": (40, 0), "dog": (16, 0), "owl": (4, 0)}
    assert {name: one[0] for name, one in counted(custom, test).items()} == {"cat": 10, "dog": 4, "owl": 1}
    assert (train.total, test.total, test.bucket, test.labels) == (60, 15, "pets", 3)
    assert not set(sources(custom, train)) & set(sources(custom, test))
    assert sources(custom, test, labels=("owl",)) == sources(custom, test, labels=("owl",), is_labelled=True)


def test_too_few_labelled_entries_are_not_distributed(custom: CustomLabels, project: Project) -> None:
    train = put(custom, made(custom, project), classified("1.jpg", "cat"), classified("2.jpg"))
    test = made(custom, project, DatasetType.TEST)
    distribute(custom.datasets, train, test, "seed")
    for one in (train, test):
        found = custom.datasets.get(arn(one.resource))
        assert (found.status, found.code) == (DatasetStatus.UPDATE_FAILED, DatasetOutcome.CLIENT_ERROR)
        assert "enough labeled images" in found.message


def test_the_same_seed_draws_the_same_entries_and_another_others() -> None:
    found = [SplitCandidate(n, b"%d" % n, ("cat",) if n % 3 else ("cat", "dog")) for n in range(300)]
    assert draw_test_entries(found, "a") == draw_test_entries(reversed(found), "a")
    assert draw_test_entries(found, "a") != draw_test_entries(found, "b")
    assert len(draw_test_entries(found, "a")) == 60


@pytest.mark.parametrize("count", [2, 3, 4])
def test_of_a_label_with_few_entries_one_is_drawn_and_one_stays(count: int) -> None:
    groups = [
        SplitCandidate(10 * label + n, b"%d %d" % (label, n), (str(label),))
        for label in range(9)
        for n in range(count)
    ]
    drawn = draw_test_entries(groups, "seed")
    for label in range(9):
        assert 1 <= sum(10 * label <= row < 10 * label + 10 for row in drawn) < count
