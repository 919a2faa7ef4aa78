"""CopyProjectVersion through the gate: who may, what is refused, and what a copy does without."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.operations.custom_labels.asking import call

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.custom.version_records import BucketObject, Made, NewVersion, VersionStatus
from regard.custom.versions import keep_made
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    MalformedPolicyDocumentException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from regard.jobs.leases import JobLeases
from regard.jobs.records import NewJob, Status
from regard.settings import Settings
from regard.storage.clock import milliseconds

COPY = "rekognition:CopyProjectVersion"
OUTPUT = {"S3Bucket": "pets", "S3KeyPrefix": "out"}
SUMMARY = "EvaluationResultSummary-pets-v1.json"


@pytest.fixture
def parts(folder: Path, tmp_path: Path) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"pets={folder}", output_buckets="pets")
    built = build(settings, has_models=False)
    yield built
    built.close()


@pytest.fixture
def other(parts: Parts) -> str:
    return str(call(parts, "create_project", ProjectName="other")["ProjectArn"])


def made_version(parts: Parts, project: str, *, completed: bool = True) -> str:
    """A version that a training is at, or has made, with a summary in the bucket and nothing else; its
    ARN.
    """
    stores = parts.stores.custom
    row, now = stores.projects.get(project).row, milliseconds()
    new = NewVersion(
        f"project/pets/version/v1/{now}",
        row,
        "v1",
        now,
        LOCAL,
        {"VersionName": "v1", "OutputConfig": OUTPUT, "Datasets": {}},
    )
    version = stores.versions.create(new, NewJob("create_project_version", {}, "r", LOCAL), tags={})
    if completed:
        parts.stores.objects.write("pets", f"out/{SUMMARY}", iter([b"{}"]))
        manifest = {"GroundTruthManifest": {"S3Object": {"Bucket": "pets", "Name": "out/x.json"}}}
        made = Made(
            training={"Input": {}, "Output": {"Assets": [manifest]}},
            testing={"Input": {"AutoCreate": False}},
            f1=0.5,
            summary=BucketObject("pets", f"out/{SUMMARY}"),
            manifest_summary=BucketObject("pets", "out/none.json"),
            use_case="IMAGE_LEVEL_LABELS",
            model=stores.models.put(b"a model"),
            backbone="b",
            billable_ms=1500,
        )
        with parts.stores.database.write() as connection:
            keep_made(connection, version.job_id, made)
    finished = parts.stores.jobs.find(version.job_id)
    assert finished is not None
    if completed:
        parts.stores.jobs.cancel(finished, "done by the test")
    return str(project.rsplit(":", 1)[0] + ":" + new.resource)


def wanted(source: str, version: str, destination: str, **more: Any) -> dict[str, Any]:
    return {
        "SourceProjectArn": source,
        "SourceProjectVersionArn": version,
        "DestinationProjectArn": destination,
        "VersionName": "copy",
        "OutputConfig": OUTPUT,
        **more,
    }


def key(*resources: str, effect: str = "Allow", name: str = "ada") -> Caller:
    """A key whose policy says one thing of these."""
    statements = [{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:rekognition:*:*:project/other/*"}]
    statements += [{"Effect": effect, "Action": "*", "Resource": list(resources)}] if resources else []
    return Caller("K", name, "operator", {"Version": "2012-10-17", "Statement": statements})


def put_policy(parts: Parts, project: str, principal: str, effect: str, name: str) -> None:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": principal},
        "Action": COPY,
        "Resource": "arn:aws:rekognition:us-east-1:111122223333:project/pets/version/v1/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    call(parts, "put_project_policy", ProjectArn=project, PolicyName=name, PolicyDocument=document)


def run(parts: Parts) -> None:
    """Does the job that waits."""
    leases = JobLeases(parts.stores.jobs, seconds=60)
    lease = leases.take("worker")
    assert lease is not None
    for step in parts.gate.run_job(lease.job):
        leases.commit(lease, step)
    leases.finish(lease, Status.SUCCEEDED)


def test_whoever_has_no_right_to_the_source_needs_its_project_s_policy(
    parts: Parts, project: str, other: str
) -> None:
    request = wanted(project, made_version(parts, project), other)

    def copies(caller: Caller, name: str) -> bool:
        try:
            parts.gate.call("copy_project_version", {**request, "VersionName": name}, caller)
        except AccessDeniedException:
            return False
        return True

    mine = "arn:aws:rekognition:us-east-1:000000000000:project/pets/*"
    assert not copies(key(), "stranger")
    assert copies(key(mine), "own-right")
    put_policy(parts, project, "arn:aws:iam::000000000000:root", "Allow", "account")
    put_policy(parts, project, "arn:aws:iam::111122223333:user/ada", "Allow", "elsewhere")
    assert not copies(key(), "of-account")
    put_policy(parts, project, "arn:aws:iam::000000000000:user/ada", "Allow", "ada")
    assert copies(key(), "by-policy")
    assert not copies(key(name="bob"), "another")
    assert not copies(key(mine, effect="Deny"), "denied-by-own")
    put_policy(parts, project, "*", "Deny", "nobody")
    assert not copies(key(mine), "denied")
    assert not copies(LOCAL, "denied-too")


@pytest.mark.parametrize(
    ("principal", "is_let"),
    [
        ("arn:aws:iam::000000000000:role/operator", True),
        ("arn:aws:iam::000000000000:role/service/operator", True),
        ("arn:aws:iam::000000000000:role/admin", False),
        ("arn:aws:iam::111122223333:role/operator", False),
        ("arn:aws:sts::000000000000:assumed-role/operator/ada", True),
        ("arn:aws:sts::000000000000:assumed-role/operator/bob", False),
        ("arn:aws:sts::000000000000:assumed-role/admin/ada", False),
        ("arn:aws:iam::000000000000:user/operator", False),
        ("arn:aws:iam::000000000000:user/team/ada", True),
    ],
)
def test_a_principal_is_the_role_or_the_name_of_whoever_calls(
    parts: Parts, project: str, other: str, principal: str, is_let: bool
) -> None:
    put_policy(parts, project, principal, "Allow", "one")
    request = wanted(project, made_version(parts, project), other)
    if is_let:
        parts.gate.call("copy_project_version", request, key())
    else:
        with pytest.raises(AccessDeniedException):
            parts.gate.call("copy_project_version", request, key())


def test_a_deny_of_a_role_keeps_out_who_acts_in_it(parts: Parts, project: str, other: str) -> None:
    put_policy(parts, project, "*", "Allow", "all")
    put_policy(parts, project, "arn:aws:iam::000000000000:role/operator", "Deny", "no-operators")
    request = wanted(project, made_version(parts, project), other)
    with pytest.raises(AccessDeniedException):
        parts.gate.call("copy_project_version", request, key())
    parts.gate.call("copy_project_version", request, LOCAL)


def test_a_role_that_there_is_not_is_refused_in_a_policy(parts: Parts, project: str) -> None:
    with pytest.raises(MalformedPolicyDocumentException, match="there is no role Nobody; there are admin"):
        put_policy(parts, project, "arn:aws:iam::000000000000:role/Nobody", "Allow", "nobody")
    put_policy(parts, project, "arn:aws:iam::111122223333:role/Nobody", "Allow", "elsewhere")


def test_a_policy_of_another_project_lets_nobody_copy(parts: Parts, project: str, other: str) -> None:
    version = made_version(parts, project)
    put_policy(parts, other, "*", "Allow", "mine")
    request = wanted(other, version, other)
    with pytest.raises(AccessDeniedException, match=f"{COPY} on resource: {version}"):
        parts.gate.call("copy_project_version", request, key())
    with pytest.raises(InvalidParameterException, match="of another project"):
        call(parts, "copy_project_version", **request)


def test_what_can_t_be_copied_is_refused(parts: Parts, project: str, other: str) -> None:
    version = made_version(parts, project, completed=False)

    def refusal(error: type[Exception], match: str, **changed: Any) -> None:
        with pytest.raises(error, match=match):
            call(parts, "copy_project_version", **{**wanted(project, version, other), **changed})

    refusal(ResourceInUseException, "TRAINING_IN_PROGRESS")
    found = parts.stores.custom.versions.get(version)
    job = parts.stores.jobs.find(found.job_id)
    assert job is not None
    parts.stores.jobs.cancel(job, "stopped")
    refusal(InvalidParameterException, "TRAINING_FAILED and has no model")
    gone = version[:-1] + str((int(version[-1]) + 1) % 10)
    refusal(ResourceNotFoundException, "does not exist", SourceProjectVersionArn=gone)
    refusal(ResourceNotFoundException, "does not exist", DestinationProjectArn=other + "1")
    refusal(ResourceNotFoundException, "does not exist", SourceProjectArn=project + "1")
    adapters = call(parts, "create_project", ProjectName="adapters", Feature="CONTENT_MODERATION")
    refusal(
        InvalidParameterException, "CUSTOM_LABELS are copied", DestinationProjectArn=adapters["ProjectArn"]
    )


def test_an_output_that_can_t_be_written_is_refused(parts: Parts, project: str, other: str) -> None:
    request = wanted(project, made_version(parts, project), other)
    for output, match in (({"S3Bucket": "none"}, "REGARD_OUTPUT_BUCKETS"), ({}, "needs an S3Bucket")):
        with pytest.raises(InvalidParameterException, match=match):
            call(parts, "copy_project_version", **{**request, "OutputConfig": output})
    with pytest.raises(InvalidParameterException, match="KMS"):
        call(parts, "copy_project_version", **request, KmsKeyId="alias/mine")


def test_a_copy_does_without_what_is_gone_from_the_source_s_bucket(
    parts: Parts, project: str, other: str, folder: Path
) -> None:
    version = made_version(parts, project)
    arn = call(parts, "copy_project_version", **wanted(project, version, other))["ProjectVersionArn"]
    told = describe(parts, other)
    assert (told["Status"], told["StatusMessage"]) == ("COPYING_IN_PROGRESS", "The model is being copied.")
    with pytest.raises(ResourceInUseException):
        call(parts, "delete_project_version", ProjectVersionArn=arn)
    run(parts)
    told = describe(parts, other)
    assert told["Status"] == "COPYING_COMPLETED"
    where = {"Bucket": "pets", "Name": "out/EvaluationResultSummary-other-copy.json"}
    assert told["EvaluationResult"] == {"F1Score": 0.5, "Summary": {"S3Object": where}}
    assert "ManifestSummary" not in told
    assert told["TrainingDataResult"] == {"Input": {}}
    written = {path.name for path in (folder / "out").glob("*-other-copy.*")}
    assert written == {"EvaluationResultSummary-other-copy.json", "Model-other-copy.onnx"}
    assert (folder / "out" / "Model-other-copy.onnx").read_bytes() == b"a model"


def test_a_copy_whose_source_is_deleted_meanwhile_has_failed(parts: Parts, project: str, other: str) -> None:
    version = made_version(parts, project)
    call(parts, "copy_project_version", **wanted(project, version, other))
    call(parts, "delete_project_version", ProjectVersionArn=version)
    leases = JobLeases(parts.stores.jobs, seconds=60)
    lease = leases.take("worker")
    assert lease is not None
    with pytest.raises(ResourceNotFoundException) as failed:
        next(parts.gate.run_job(lease.job))
    leases.finish(lease, Status.FAILED, failed.value.message)
    assert describe(parts, other)["Status"] == VersionStatus.COPYING_FAILED


def describe(parts: Parts, project: str) -> Mapping[str, Any]:
    (found,) = call(parts, "describe_project_versions", ProjectArn=project)["ProjectVersionDescriptions"]
    return dict(found)
