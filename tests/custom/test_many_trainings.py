"""Twenty trainings wait in line and all are done; what was trained outlives its database."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.commands import run_regard_text
from tests.conftest import stop_server
from tests.custom.conftest import ONCE
from tests.custom.drawn import SHAPES, draw, fill
from tests.custom.test_training_crash import begun, opened, run_some
from tests.custom.training import assets, begin, ended, make_project, refused, write_manifest
from tests.video.servers import serve

from regard.app import Parts
from regard.caller import LOCAL
from regard.packs.install import InstalledPack

TRAININGS = 20


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    write_manifest(folder, "train.manifest", fill(folder, 6))
    write_manifest(folder, "test.manifest", fill(folder, 4, first=100))
    return folder


@pytest.mark.slow
def test_twenty_trainings_wait_in_line_and_each_comes_to_its_end(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    server = serve(
        tmp_path / "data", bucket, job_workers=1, output_buckets="videos", training_limit=TRAININGS
    )
    try:
        client = server.client(config=ONCE)
        sources = {"TrainingData": assets("train.manifest"), "TestingData": assets("test.manifest")}
        projects = [make_project(client, f"shapes-{number}") for number in range(TRAININGS)]
        for project in projects:
            begin(client, project, **sources)
        told = refused(
            "LimitExceededException",
            client.create_project_version,
            ProjectArn=projects[0],
            VersionName="v2",
            OutputConfig={"S3Bucket": "videos", "S3KeyPrefix": "out"},
            **sources,
        )
        assert str(TRAININGS) in told
        versions = [ended(client, project) for project in projects]
        assert {one["Status"] for one in versions} == {"TRAINING_COMPLETED"}
        ends = [one["TrainingEndTimestamp"] for one in versions]
        assert ends == sorted(ends)
    finally:
        stop_server(server)


@pytest.mark.slow
def test_a_version_of_a_backup_answers_as_before(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    photo = draw(SHAPES[1], 900)

    def answered(parts: Parts, arn: str) -> list[object]:
        request = {"ProjectVersionArn": arn, "Image": {"Bytes": photo}, "MinConfidence": 0.0}
        return list(parts.gate.call("detect_custom_labels", request, LOCAL)["CustomLabels"])

    first = opened(tmp_path / "data", bucket)
    arn = begun(first)
    assert run_some(first, None)
    first.gate.call("start_project_version", {"ProjectVersionArn": arn, "MinInferenceUnits": 1}, LOCAL)
    before = answered(first, arn)
    first.close()
    run_regard_text("backup", tmp_path / "file", "--data", tmp_path / "data", folder=tmp_path)
    run_regard_text("restore", tmp_path / "file", "--data", tmp_path / "new", folder=tmp_path)
    second = opened(tmp_path / "new", bucket)
    try:
        assert answered(second, arn) == before
        assert len(before) == len(SHAPES)
    finally:
        second.close()
