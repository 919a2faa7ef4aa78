"""Custom labels by unmodified clients: what AWS's own samples do with projects and data sets."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Server, start_server, stop_server
from tests.custom.lines import boxed, classified, manifest
from tests.paging import paginated
from tests.waiting import PATIENCE

from regard.packs.install import InstalledPack

# The command line itself, which takes longer to start than to do all of it.
ALL_OF_THEM = """
import json, sys
from awscli.clidriver import create_clidriver
for command in json.loads(sys.argv[1]):
    if create_clidriver().main(command):
        sys.exit(1)
    print("\\f", end="", flush=True)
"""


@pytest.fixture(scope="module")
def served(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "pets").mkdir()
    lines = [classified(f"cat{n}.jpg", "cat") for n in range(10)]
    lines += [boxed(f"dog{n}.jpg", ("dog", 0, 0, 64, 48)) for n in range(10)]
    (folder / "pets" / "train.manifest").write_bytes(manifest(*lines))
    started = start_server(folder / "data", "--bucket", f"pets={folder / 'pets'}")
    yield started
    stop_server(started)


def code(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_what_the_guide_s_python_samples_do_with_projects_and_data_sets(served: Server) -> None:
    """Create and describe a project, a data set of a manifest, its entries and labels; distribute; delete."""
    client = served.client()
    project = client.create_project(ProjectName="sample")["ProjectArn"]
    assert project.startswith("arn:aws:rekognition:us-east-1:000000000000:project/sample/")
    source = {"GroundTruthManifest": {"S3Object": {"Bucket": "pets", "Name": "train.manifest"}}}
    made = client.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)
    train = made["DatasetArn"]
    told = client.describe_dataset(DatasetArn=train)["DatasetDescription"]
    assert told["Status"] == "CREATE_COMPLETE"
    assert (told["StatusMessageCode"], told["DatasetStats"]["TotalLabels"]) == ("SUCCESS", 2)
    listed = paginated(client, "list_dataset_entries", "DatasetEntries", DatasetArn=train, MaxResults=7)
    assert len(listed) == 20
    assert json.loads(listed[0])["source-ref"] == "s3://pets/cat0.jpg"
    labels = client.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    assert {one["LabelName"]: one["LabelStats"]["BoundingBoxCount"] for one in labels} == {
        "cat": 0,
        "dog": 10,
    }
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    assert client.describe_dataset(DatasetArn=test)["DatasetDescription"]["DatasetStats"]["TotalEntries"] == 4
    changes = {"GroundTruth": json.dumps(classified("new.jpg", "cat"))}
    client.update_dataset_entries(DatasetArn=test, Changes=changes)
    assert client.describe_dataset(DatasetArn=test)["DatasetDescription"]["Status"] == "UPDATE_COMPLETE"
    described = client.describe_projects(ProjectNames=["sample"])["ProjectDescriptions"][0]
    assert [one["StatusMessageCode"] for one in described["Datasets"]] == ["SUCCESS", "SUCCESS"]
    for dataset in (train, test):
        client.delete_dataset(DatasetArn=dataset)
        assert code(client.describe_dataset, DatasetArn=dataset) == "ResourceNotFoundException"
    assert client.delete_project(ProjectArn=project)["Status"] == "DELETING"
    assert client.describe_projects(ProjectNames=["sample"])["ProjectDescriptions"] == []


def test_what_the_guide_s_samples_do_with_policies(served: Server) -> None:
    client = served.client()
    project = client.create_project(ProjectName="policies")["ProjectArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "copy",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "rekognition:CopyProjectVersion",
                "Resource": f"{project.rsplit('/', 1)[0]}/version/*",
            }
        ],
    }
    put = {"ProjectArn": project, "PolicyDocument": json.dumps(policy)}
    revision = client.put_project_policy(PolicyName="p0", **put)["PolicyRevisionId"]
    assert code(client.put_project_policy, PolicyName="p0", **put) == "ResourceAlreadyExistsException"
    client.put_project_policy(PolicyName="p0", PolicyRevisionId=revision, **put)
    stale = code(client.delete_project_policy, ProjectArn=project, PolicyName="p0", PolicyRevisionId=revision)
    assert stale == "InvalidPolicyRevisionIdException"
    broken = put | {"PolicyDocument": "{}"}
    assert code(client.put_project_policy, PolicyName="p1", **broken) == "MalformedPolicyDocumentException"
    for number in range(1, 7):
        client.put_project_policy(PolicyName=f"p{number}", **put)
    page = client.list_project_policies(ProjectArn=project)
    rest = client.list_project_policies(ProjectArn=project, NextToken=page["NextToken"])
    names = [one["PolicyName"] for one in page["ProjectPolicies"] + rest["ProjectPolicies"]]
    assert (len(page["ProjectPolicies"]), names) == (5, [f"p{number}" for number in range(7)])
    client.delete_project_policy(ProjectArn=project, PolicyName="p0")
    client.delete_project(ProjectArn=project)


def test_the_aws_command_line_makes_a_project_and_its_data_sets(served: Server, tmp_path: Path) -> None:
    if importlib.util.find_spec("awscli") is None:
        pytest.skip("awscli is not installed; `pip install regard[dev]` brings it")
    client = served.client()
    project = client.create_project(ProjectName="by-command")["ProjectArn"]
    train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    changes = json.dumps(classified("1.jpg", "cat"))
    source = '{"GroundTruthManifest": {"S3Object": {"Bucket": "pets", "Name": "train.manifest"}}}'
    commands = [
        ["create-project", "--project-name", "second"],
        ["create-dataset", "--project-arn", project, "--dataset-type", "TEST", "--dataset-source", source],
        [
            *("update-dataset-entries", "--dataset-arn", train),
            *("--changes", json.dumps({"GroundTruth": changes})),
        ],
        ["list-dataset-entries", "--dataset-arn", train, "--contains-labels", "cat"],
        ["describe-projects", "--project-names", "by-command"],
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(served.credentials_file),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_REGION": "us-east-1",
        "AWS_PAGER": "",
    }
    common = ["--endpoint-url", served.endpoint, "--output", "json", "rekognition"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALL_OF_THEM, json.dumps([common + one for one in commands])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(part or "{}") for part in done.stdout.split("\f")[:-1]]
    assert answers[0]["ProjectArn"].split("/")[1] == "second"
    assert [json.loads(one)["label0-metadata"]["class-name"] for one in answers[3]["DatasetEntries"]] == [
        "cat"
    ]
    assert [one["DatasetType"] for one in answers[4]["ProjectDescriptions"][0]["Datasets"]] == [
        "TRAIN",
        "TEST",
    ]
