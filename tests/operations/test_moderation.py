"""DetectModerationLabels: Rekognition's taxonomy, and never "all is fine" where nothing has looked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import scenes

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.custom.version_records import BucketObject, Made, NewVersion
from regard.custom.versions import keep_made
from regard.errors import (
    AccessDeniedException,
    InvalidImageFormatException,
    InvalidParameterException,
    ResourceNotFoundException,
    ResourceNotReadyException,
)
from regard.gate import Gate
from regard.jobs.records import NewJob
from regard.operations import OPERATIONS
from regard.operations.pictures.moderation import LABELS
from regard.operations.pictures.moderation_taxonomy import label_shapes, taxonomy
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.vision.geometry import Box
from regard.vision.image import Image, decode_image
from regard.vision.nudity import NudityFinding, NudityKind

FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def call(parts: Parts, nudenet_pack: InstalledPack):
    def call(**request: object) -> dict[str, Any]:
        return parts.gate.call("detect_moderation_labels", request, LOCAL)

    return call


@pytest.fixture
def without_pack(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Parts]:
    """A machine with the default pack alone."""
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    built = build(Settings.load({}, data=tmp_path / "data", models=models))
    yield built
    built.close()


class Seen:
    """Stands for the detector and finds the same in every picture."""

    networks = ()

    def __init__(self, **findings: float) -> None:
        self._found = [
            NudityFinding(NudityKind[name], sure, Box(0, 0, 9, 9)) for name, sure in findings.items()
        ]

    def detect(self, image: Image, find_faces: object) -> list[NudityFinding]:
        return self._found


def labelled(parts: Parts, portrait: Path, seen: Seen, **more: object) -> list[dict[str, Any]]:
    gate = Gate(
        parts.settings,
        replace(parts.models, nudity=seen),  # type: ignore[arg-type]
        parts.face_models,
        parts.stores,
        parts.audit,
        OPERATIONS,
        unbuilt={},
    )
    request = {"Image": {"Bytes": portrait.read_bytes()}, **more}
    return gate.call("detect_moderation_labels", request, LOCAL)["ModerationLabels"]


def test_a_portrait_has_no_label_and_the_answer_says_which_model_looked(
    call, portrait: Path, other_portrait: Path, group_photo: Path
) -> None:
    for photo in (portrait, other_portrait, group_photo):
        assert call(Image={"Bytes": photo.read_bytes()}) == {
            "ModerationLabels": [],
            "ModerationModelVersion": "7.0",
            "ContentTypes": [],
        }


@pytest.mark.parametrize("person", ["astronaut", "hopper"])
def test_a_tight_portrait_has_no_explicit_label(call, person: str) -> None:
    head = scenes.portrait(person)
    box = {"astronaut": (165, 50, 285, 200), "hopper": (150, 100, 370, 340)}[person]
    answer = call(Image={"Bytes": scenes.jpeg(head.crop(box))}, MinConfidence=50.0)
    assert "Explicit" not in {label["Name"] for label in answer["ModerationLabels"]}


def test_a_finding_is_answered_with_all_levels_above_it(parts: Parts, portrait: Path) -> None:
    seen = Seen(FEMALE_BREAST=80.0, MALE_GENITALIA=90.0, MALE_BREAST=60.0)
    assert [
        (label["Name"], label["ParentName"], label["TaxonomyLevel"], label["Confidence"])
        for label in labelled(parts, portrait, seen)
    ] == [
        ("Explicit", "", 1, 90.0),
        ("Explicit Nudity", "Explicit", 2, 90.0),
        ("Exposed Male Genitalia", "Explicit Nudity", 3, 90.0),
        ("Exposed Female Nipple", "Explicit Nudity", 3, 80.0),
        ("Non-Explicit Nudity of Intimate parts and Kissing", "", 1, 60.0),
        ("Non-Explicit Nudity", "Non-Explicit Nudity of Intimate parts and Kissing", 2, 60.0),
        ("Exposed Male Nipple", "Non-Explicit Nudity", 3, 60.0),
    ]


def test_labels_below_the_least_confidence_are_left_out(parts: Parts, portrait: Path) -> None:
    seen = Seen(FEMALE_SWIMWEAR=49.9)
    assert labelled(parts, portrait, seen) == []
    assert [label["Name"] for label in labelled(parts, portrait, seen, MinConfidence=49.9)] == [
        "Swimwear or Underwear",
        "Female Swimwear or Underwear",
    ]
    assert labelled(parts, portrait, seen, MinConfidence=50.0) == []


def test_the_taxonomy_has_three_levels_under_ten_names() -> None:
    labels = taxonomy()
    assert [name for name, label in labels.items() if label.level == 1] == [
        "Explicit",
        "Non-Explicit Nudity of Intimate parts and Kissing",
        "Swimwear or Underwear",
        "Violence",
        "Visually Disturbing",
        "Drugs & Tobacco",
        "Alcohol",
        "Rude Gestures",
        "Gambling",
        "Hate Symbols",
    ]
    for label in labels.values():
        above = labels[label.parent].level if label.parent else 0
        assert above == label.level - 1
    assert set(LABELS) == set(NudityKind)
    assert set(LABELS.values()) <= set(labels)
    assert label_shapes({}, 0) == []


def test_the_documentation_names_every_label_that_can_be_answered_and_every_other_one() -> None:
    page = " ".join((DOCS / "moderation.md").read_text().split())
    for name in taxonomy():
        assert name in page


def test_the_default_pack_alone_says_explicit_and_nothing_below_it(
    without_pack: Parts, portrait: Path
) -> None:
    request = {"Image": {"Bytes": portrait.read_bytes()}, "MinConfidence": 0.0}
    [label] = without_pack.gate.call("detect_moderation_labels", request, LOCAL)["ModerationLabels"]
    assert (label["Name"], label["ParentName"], label["TaxonomyLevel"]) == ("Explicit", "", 1)
    assert 0 < label["Confidence"] < 5


def test_a_pack_that_is_installed_while_serving_is_used(
    without_pack: Parts, nudenet_pack: InstalledPack, portrait: Path
) -> None:
    assert not without_pack.models.nudity.finds_parts()
    models = without_pack.settings.models
    assert models is not None
    (models / nudenet_pack.folder.name).symlink_to(nudenet_pack.folder)
    assert without_pack.models.nudity.finds_parts()
    image = decode_image(portrait.read_bytes())
    assert len(without_pack.models.nudity.detect(image, list)) >= 1


def test_a_damaged_pack_is_said_and_never_taken_for_a_harmless_picture(
    without_pack: Parts, nudenet_pack: InstalledPack, portrait: Path
) -> None:
    models = without_pack.settings.models
    assert models is not None
    damaged = models / nudenet_pack.folder.name
    shutil.copytree(nudenet_pack.folder, damaged)
    (damaged / nudenet_pack.path("nudenet").name).write_bytes(b"no network")
    request = {"Image": {"Bytes": portrait.read_bytes()}}
    with pytest.raises(ResourceNotReadyException, match="regard models install nudenet"):
        without_pack.gate.call("detect_moderation_labels", request, LOCAL)
    *_, record = without_pack.audit.export()
    assert record["outcome"] == "ResourceNotReadyException"


def test_explicit_is_as_sure_as_the_surest_of_the_picture_and_its_parts(parts: Parts, portrait: Path) -> None:
    for whole, part in ((95.0, 70.0), (60.0, 88.0)):
        labels = labelled(parts, portrait, Seen(EXPLICIT=whole, FEMALE_BREAST=part))
        assert [(label["Name"], label["Confidence"]) for label in labels] == [
            ("Explicit", max(whole, part)),
            ("Explicit Nudity", part),
            ("Exposed Female Nipple", part),
        ]


def test_an_adapter_that_there_isn_t_is_refused(call, portrait: Path) -> None:
    adapter = "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1"
    with pytest.raises(ResourceNotFoundException, match="does not exist"):
        call(Image={"Bytes": portrait.read_bytes()}, ProjectVersion=adapter)


def adapter_of_other_models(parts: Parts) -> str:
    """An adapter that was trained for models that aren't there any more; its ARN."""
    made = {"ProjectName": "shop", "Feature": "CONTENT_MODERATION"}
    project = parts.gate.call("create_project", made, LOCAL)["ProjectArn"]
    stores, now = parts.stores.custom, milliseconds()
    request = {"Feature": "CONTENT_MODERATION", "Datasets": {}}
    resource = f"project/shop/version/v1/{now}"
    new = NewVersion(resource, stores.projects.get(project).row, "v1", now, LOCAL, request)
    version = stores.versions.create(new, NewJob("create_project_version", {}, "r", LOCAL), tags={})
    place = BucketObject("b", "n")
    result = Made(
        training={},
        testing={},
        f1=1.0,
        summary=place,
        manifest_summary=place,
        use_case="CONTENT_MODERATION",
        model="m",
        backbone="0" * 64,
        billable_ms=1,
    )
    with parts.stores.database.write() as connection:
        keep_made(connection, version.job_id, result)
    return f"arn:aws:rekognition:us-east-1:000000000000:{resource}"


def test_an_adapter_of_other_models_has_expired_and_is_passed_over(
    parts: Parts, call, portrait: Path
) -> None:
    arn = adapter_of_other_models(parts)
    answer = call(Image={"Bytes": portrait.read_bytes()}, ProjectVersion=arn)
    assert "ProjectVersion" not in answer
    project = parts.gate.call("describe_projects", {"Features": ["CONTENT_MODERATION"]}, LOCAL)
    named = {"ProjectArn": project["ProjectDescriptions"][0]["ProjectArn"]}
    (told,) = parts.gate.call("describe_project_versions", named, LOCAL)["ProjectVersionDescriptions"]
    assert (told["Status"], told["BaseModelVersion"]) == ("EXPIRED", "7.0-000000000000")


def test_a_key_that_has_no_right_to_an_adapter_may_not_moderate_by_it(parts: Parts, portrait: Path) -> None:
    arn = adapter_of_other_models(parts)
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:rekognition:*:*:project/shop/*"},
    ]
    key = Caller("K", "ada", "operator", {"Version": "2012-10-17", "Statement": statements})
    request = {"Image": {"Bytes": portrait.read_bytes()}}
    assert parts.gate.call("detect_moderation_labels", request, key)["ModerationLabels"] == []
    with pytest.raises(AccessDeniedException, match="project/shop/version/v1"):
        parts.gate.call("detect_moderation_labels", {**request, "ProjectVersion": arn}, key)


def test_a_picture_that_can_not_be_read_is_refused(call) -> None:
    with pytest.raises(InvalidImageFormatException):
        call(Image={"Bytes": b"no picture"})


def test_a_human_loop_opens_one_review(call, parts: Parts, portrait: Path, other_portrait: Path) -> None:
    config = {
        "HumanLoopName": "loop-1",
        "FlowDefinitionArn": FLOW,
        "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]},
    }
    image = {"Bytes": portrait.read_bytes()}
    for _ in range(2):  # as an SDK repeats a request whose answer was lost
        output = call(Image=image, HumanLoopConfig=config)["HumanLoopActivationOutput"]
        assert output["HumanLoopArn"] == "arn:aws:sagemaker:us-east-1:000000000000:human-loop/loop-1"
        assert output["HumanLoopActivationReasons"] == ["ConditionsEvaluation"]
        assert json.loads(output["HumanLoopActivationConditionsEvaluationResults"]) == {"Conditions": []}
    [review] = parts.stores.reviews.page(limit=10)
    assert (review.loop_name, review.flow_definition) == ("loop-1", FLOW)
    assert (review.labels, review.classifiers) == ([], ["FreeOfAdultContent"])
    assert len(review.image_digest) == 64
    with pytest.raises(InvalidParameterException, match="loop-1"):
        call(Image={"Bytes": other_portrait.read_bytes()}, HumanLoopConfig=config)
    assert "HumanLoopActivationOutput" not in call(Image=image)


def test_a_review_keeps_the_labels_that_were_answered(parts: Parts, portrait: Path) -> None:
    config = {"HumanLoopName": "loop-2", "FlowDefinitionArn": FLOW}
    answered = labelled(parts, portrait, Seen(FEMALE_GENITALIA=77.0), HumanLoopConfig=config)
    [review] = parts.stores.reviews.page(limit=10)
    assert review.labels == answered
    assert len(answered) == 3
