"""A picture that the same key has just shown is not decoded again for a second version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.custom.drawn import fill
from tests.custom.test_training_crash import begun, opened, run_some
from tests.custom.training import BUCKET, OUTPUT, assets, write_manifest

import regard.vision.findings
from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.packs.install import InstalledPack

OTHER = Caller("OTHER", "other", "admin")
Image = dict[str, Any]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_manifest(folder, "train.manifest", fill(folder, 4))
    write_manifest(folder, "test.manifest", fill(folder, 2, first=100))
    return folder


@pytest.fixture(scope="module")
def parts(
    installed_pack: InstalledPack, bucket: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    built = opened(tmp_path_factory.mktemp("server") / "data", bucket)
    yield built
    built.close()


@pytest.fixture(scope="module")
def arns(parts: Parts) -> list[str]:
    """Two versions of one project that run."""
    first = begun(parts)
    request = {
        "ProjectArn": parts.gate.call("describe_projects", {}, LOCAL)["ProjectDescriptions"][0]["ProjectArn"],
        "VersionName": "v2",
        "OutputConfig": OUTPUT,
        "TrainingData": assets("train.manifest"),
        "TestingData": assets("test.manifest"),
    }
    second = str(parts.gate.call("create_project_version", request, LOCAL)["ProjectVersionArn"])
    for arn in (first, second):
        assert run_some(parts, None)
        parts.gate.call("start_project_version", {"ProjectVersionArn": arn, "MinInferenceUnits": 1}, LOCAL)
    return [first, second]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digests of the pictures that are decoded, in turn."""
    digests: list[str] = []
    decode = regard.vision.findings.decode_image

    def noting(data: bytes, **options: Any) -> Any:
        digests.append(str(options["digest"]))
        return decode(data, **options)

    monkeypatch.setattr(regard.vision.findings, "decode_image", noting)
    return digests


@pytest.fixture
def detect(parts: Parts) -> Callable[..., Any]:
    def call(arn: str, image: Image, caller: Caller = LOCAL) -> Any:
        request = {"ProjectVersionArn": arn, "Image": image, "MinConfidence": 0.0}
        return parts.gate.call("detect_custom_labels", request, caller)["CustomLabels"]

    return call


def test_a_second_version_does_not_decode_a_picture_again(
    detect: Callable[..., Any], arns: list[str], bucket: Path, decoded: list[str]
) -> None:
    picture = (bucket / "circle-0001.jpg").read_bytes()
    answers = [detect(arn, {"Bytes": picture}) for arn in (*arns, *arns)]
    assert answers[:2] == answers[2:]
    assert len(decoded) == 1
    stored = {"S3Object": {"Bucket": BUCKET, "Name": "circle-0001.jpg"}}
    assert detect(arns[1], stored) == answers[1]
    assert len(decoded) == 1


def test_another_key_has_the_picture_decoded(
    detect: Callable[..., Any], arns: list[str], bucket: Path, decoded: list[str]
) -> None:
    image = {"Bytes": (bucket / "square-0001.jpg").read_bytes()}
    for caller in (LOCAL, OTHER):
        detect(arns[0], image, caller)
    assert len(decoded) == 2


def test_an_object_that_was_replaced_is_another_picture(
    detect: Callable[..., Any], arns: list[str], bucket: Path, decoded: list[str]
) -> None:
    (bucket / "replaced.jpg").write_bytes((bucket / "stripes-0001.jpg").read_bytes())
    image = {"S3Object": {"Bucket": BUCKET, "Name": "replaced.jpg"}}
    before = detect(arns[0], image)
    (bucket / "replaced.jpg").write_bytes((bucket / "circle-0002.jpg").read_bytes())
    assert detect(arns[0], image) != before
    assert len(decoded) == 2
