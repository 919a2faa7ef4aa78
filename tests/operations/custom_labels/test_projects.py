"""Projects: their names, tags and policies, and what there is not."""

from __future__ import annotations

import pytest
from tests.operations.custom_labels.asking import (
    FAKE,
    FAKE_DATASET,
    call,
    create,
    of_manifest,
)

from regard.app import Parts
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)


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
