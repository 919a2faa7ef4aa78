"""A version goes from one installation to another in a file, of which nothing is trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.custom.drawn import draw, fill
from tests.custom.test_training_crash import begun, opened, run_some
from tests.custom.training import write_manifest
from tests.vision.custom.test_label_tuning import NO_ROWS, frozen_model, tuned_weights

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.cli.custom_taking import take
from regard.cli.custom_training import export
from regard.errors import RegardError, ResourceInUseException
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.vision.custom import carried
from regard.vision.custom.carried_networks import tuned_labels_anew
from regard.vision.custom.label_blend import LabelBlend
from regard.vision.custom.onnx_file import Backbone, ModelFileError
from regard.vision.custom.tuned_boxes import TunedFit, write_tuned_boxes
from regard.vision.custom.tuned_labels import TunedLabels, write_tuned_labels
from regard.vision.custom.tuning.box_network import LOGITS, SCORE_BIAS, tunable, with_weights
from regard.vision.custom.tuning.outcome import TuningOutcome

PHOTO = draw("stripes", 900)
Change = Callable[[Any], None]
Taken = Callable[..., dict[str, Any]]


def tuned(base: bytes) -> bytes:
    """A fine-tuned model of two labels, whose weights say nothing of any."""
    names, side = ("cat", "dog"), 128
    network = with_weights(tunable(base, 2, side), {SCORE_BIAS: np.array([-3, -4], np.float32)})
    backbone = Backbone("centernet", digest_of(base))
    outcome = TuningOutcome(frozen=0.25, tuned=0.5, pictures=4)
    return write_tuned_boxes(TunedFit(names, side, network, ()), {"cat": 0.5, "dog": 0.25}, backbone, outcome)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_manifest(folder, "train.manifest", fill(folder, 4))
    write_manifest(folder, "test.manifest", fill(folder, 2, first=100))
    return folder


@pytest.fixture(scope="module")
def source(installed_pack: InstalledPack, bucket: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation that has trained v1 of shapes."""
    data = tmp_path_factory.mktemp("source") / "data"
    parts = opened(data, bucket)
    begun(parts)
    assert run_some(parts, None)
    parts.close()
    return data


@pytest.fixture(scope="module")
def file(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What it has exported."""
    file = tmp_path_factory.mktemp("carried") / "v1.onnx"
    export("shapes", "v1", file, data=source)
    return file


@pytest.fixture(scope="module")
def parts(
    installed_pack: InstalledPack, bucket: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    """Another installation."""
    built = opened(tmp_path_factory.mktemp("other") / "data", bucket)
    yield built
    built.close()


@pytest.fixture
def project(parts: Parts, tmp_path: Path) -> str:
    """A project of the other one."""
    made = parts.gate.call("create_project", {"ProjectName": tmp_path.name}, LOCAL)
    return str(made["ProjectArn"])


@pytest.fixture
def taken(parts: Parts, project: str) -> Taken:
    def call(file: Path, name: str | None = None) -> dict[str, Any]:
        request = {"ProjectArn": project, "File": file, "VersionName": name}
        return parts.gate.call("import_project_version", request, LOCAL)

    return call


def answered(parts: Parts, arn: str) -> list[dict[str, Any]]:
    parts.gate.call("start_project_version", {"ProjectVersionArn": arn, "MinInferenceUnits": 1}, LOCAL)
    request = {"ProjectVersionArn": arn, "Image": {"Bytes": PHOTO}, "MinConfidence": 0.0}
    return list(parts.gate.call("detect_custom_labels", request, LOCAL)["CustomLabels"])


def changed(file: Path, target: Path, change: Change) -> Path:
    """The file with something in its model changed."""
    model = onnx.load(str(file))
    change(model)
    target.write_bytes(model.SerializeToString())
    return target


def with_facts(key: str, **facts: Any) -> Change:
    """A change of the metadata."""

    def change(model: Any) -> None:
        (kept,) = [one for one in model.metadata_props if one.key == key]
        kept.value = json.dumps(json.loads(kept.value) | facts)

    return change


def test_a_version_that_was_taken_answers_as_where_it_was_trained(
    source: Path, file: Path, parts: Parts, project: str, bucket: Path, taken: Taken
) -> None:
    told = taken(file)
    named = {"ProjectArn": project}
    (described,) = parts.gate.call("describe_project_versions", named, LOCAL)["ProjectVersionDescriptions"]
    assert described["Status"] == "COPYING_COMPLETED"
    assert "project/shapes/version/v1/" in described["SourceProjectVersionArn"]
    assert described["EvaluationResult"] == {"F1Score": told["F1Score"]}
    first = opened(source, bucket)
    versions = first.stores.custom.versions
    original = versions.get(described["SourceProjectVersionArn"])
    assert original.model == told["ModelDigest"]
    assert original.ended is not None
    assert described["TrainingEndTimestamp"].timestamp() == original.ended / 1000
    expected = answered(first, described["SourceProjectVersionArn"])
    first.close()
    assert answered(parts, told["ProjectVersionArn"]) == expected != []
    noted = {name: told[name] for name in ("VersionName", "ProjectVersionArn", "ModelDigest")}
    (record,) = [one for one in parts.audit.export() if one.get("facts") == {"Name": "v1.onnx"} | noted]
    assert (record["operation"], record["outcome"]) == ("ImportProjectVersion", "ok")


def test_a_name_that_the_project_has_is_refused(file: Path, taken: Taken) -> None:
    taken(file)
    with pytest.raises(ResourceInUseException, match="named v1"):
        taken(file)
    assert taken(file, "v2")["VersionName"] == "v2"
    with pytest.raises(RegardError, match="letters, digits, dots"):
        taken(file, "../v3")


def test_a_file_is_taken_at_the_shell_into_a_project_that_is_made(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(file, "new", None, data=tmp_path / "fresh")
    assert "v1 of new is ready to run: 3 labels" in capsys.readouterr().out.replace("\n", " ")


def test_a_project_is_not_made_for_a_file_that_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="can't be read"):
        take(tmp_path / "none", "new", None, data=tmp_path / "fresh")
    parts = build(Settings.load({}, data=tmp_path / "fresh"), has_models=False)
    assert parts.gate.call("describe_projects", {}, LOCAL)["ProjectDescriptions"] == []
    parts.close()


def weights_moved(model: Any) -> None:
    (bias,) = [one for one in model.graph.initializer if one.name == "custom/bias"]
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(1e-3), bias.name))


def weights_elsewhere(model: Any) -> None:
    (bias,) = [one for one in model.graph.initializer if one.name == "custom/bias"]
    bias.ClearField("raw_data")
    bias.data_location = onnx.TensorProto.EXTERNAL
    bias.external_data.add(key="location", value="/etc/passwd")


def weights_cut(model: Any) -> None:
    (weights,) = [one for one in model.graph.initializer if one.name == "custom/weights"]
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights)[:7], weights.name))


BASE = {"network": "mobilenetv2", "digest": "0" * 64}
LABELS = ["circle", "stripes", "square"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (weights_moved, "isn't as it was exported"),
        (weights_elsewhere, "incomplete, or is damaged"),
        (weights_cut, "features that no network here has"),
        (with_facts("regard", backbone=BASE), "Its base network isn't the one that is installed here"),
        (with_facts("regard", backbone={**BASE, "network": "../x"}), "Its base network isn't"),
        (with_facts("regard", thresholds=[0.1, 0.2, 0.3]), "isn't as it was exported"),
        (with_facts("regard", thresholds=[10**400] * 3), "incomplete, or is damaged"),
        (with_facts("regard", labels=["a\nb", "c", "d"]), "labels of the file are none"),
        (with_facts("regard", kind="adapter"), "a model of kind 'adapter'"),
        (with_facts("regard-card", f1=7), "incomplete, or is damaged"),
        (with_facts("regard-card", model=None), "incomplete, or is damaged"),
        (lambda model: model.metadata_props.pop(), "has no card"),
    ],
)
def test_a_file_that_was_changed_is_refused(
    file: Path, parts: Parts, project: str, taken: Taken, tmp_path: Path, change: Change, told: str
) -> None:
    with pytest.raises(RegardError, match=told):
        taken(changed(file, tmp_path / "changed.onnx", change))
    named = {"ProjectArn": project}
    assert parts.gate.call("describe_project_versions", named, LOCAL)["ProjectVersionDescriptions"] == []


def test_what_is_no_exported_version_is_refused(
    file: Path, taken: Taken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no model")
    with pytest.raises(RegardError, match="no ONNX model, or is damaged"):
        taken(other)
    other.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(RegardError, match="damaged"):
        taken(other)
    with pytest.raises(RegardError, match="can't be read: No such file"):
        taken(tmp_path / "none")
    monkeypatch.setattr("regard.operations.custom_labels.carrying.MAX_BYTES", 1 << 20)
    with pytest.raises(RegardError, match="1 MiB at most"):
        taken(file)


def test_a_fine_tuned_network_is_put_together_anew(installed_pack: InstalledPack) -> None:
    base = installed_pack.path("centernet").read_bytes()
    content = tuned(base)
    card = carried.CarriedCard(digest_of(content), "arn", "v1", 0.5, 1)
    file = carried.with_card(content, card)
    assert carried.read_carried(file, lambda _: base).content == content

    def moved(model: Any) -> None:
        (bias,) = [one for one in model.graph.initializer if one.name == SCORE_BIAS]
        bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(1), bias.name))

    model = onnx.load_from_string(file)
    moved(model)
    with pytest.raises(ModelFileError, match="isn't as it was exported"):
        carried.read_carried(model.SerializeToString(), lambda _: base)


@pytest.mark.parametrize(("is_exclusive", "side"), [(True, 160), (False, 224)])
def test_a_fine_tuned_network_of_labels_is_put_together_anew(
    installed_pack: InstalledPack, is_exclusive: bool, side: int
) -> None:
    base = installed_pack.path("mobilenetv2").read_bytes()
    frozen = frozen_model(is_exclusive=is_exclusive)
    blend = LabelBlend(0.8, 0.3, np.array([0.2, -0.1]), is_exclusive)
    outcome = TuningOutcome(frozen=0.25, tuned=0.5, pictures=40)
    fit = TunedLabels(frozen, side, tuned_weights(base, frozen), blend, NO_ROWS, outcome)
    backbone = Backbone("mobilenetv2", digest_of(base))
    content = write_tuned_labels(fit, {"ant": 0.5, "bee": 0.25}, backbone, base)
    file = carried.with_card(content, carried.CarriedCard(digest_of(content), "arn", "v1", 0.5, 1))
    taken = carried.read_carried(file, lambda _: base)
    assert (taken.content, taken.has_boxes) == (content, False)


def of_side(side: float) -> Change:
    def change(model: Any) -> None:
        (scales,) = [one for one in model.graph.initializer if one.name == "custom/scales"]
        moved = np.array([1, 1, side / 224, side / 224], np.float32)
        scales.CopyFrom(numpy_helper.from_array(moved, scales.name))

    return change


def of_other_labels(model: Any) -> None:
    (bias,) = [one for one in model.graph.initializer if one.name == "custom/bias"]
    bias.CopyFrom(numpy_helper.from_array(np.zeros(7, np.float32), bias.name))


@pytest.fixture(scope="module")
def tuned_file(installed_pack: InstalledPack) -> bytes:
    """A fine-tuned model of two labels that exclude each other, of views of 160 px."""
    base = installed_pack.path("mobilenetv2").read_bytes()
    frozen = frozen_model(is_exclusive=True)
    blend = LabelBlend(0.8, 0.3, np.array([0.2, -0.1]), is_exclusive=True)
    outcome = TuningOutcome(frozen=0.25, tuned=0.5, pictures=40)
    fit = TunedLabels(frozen, 160, tuned_weights(base, frozen), blend, NO_ROWS, outcome)
    return write_tuned_labels(fit, {"ant": 0.5, "bee": 0.25}, Backbone("mobilenetv2", digest_of(base)), base)


@pytest.mark.parametrize("change", [of_side(4480), of_side(-160), of_side(161), of_other_labels, weights_cut])
def test_a_fine_tuned_network_of_labels_is_as_large_as_a_training_makes_one(
    tuned_file: bytes, change: Change
) -> None:
    model = onnx.load_from_string(tuned_file)
    change(model)
    with pytest.raises(ModelFileError, match="incomplete, or is damaged"):
        tuned_labels_anew(model.SerializeToString(), lambda _: pytest.fail("a network was asked for"))


def test_a_model_that_does_not_open_is_no_version(
    file: Path, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelFileError("The network is one of other labels; export it again.")

    monkeypatch.setattr("regard.custom.opened.OpenedModels.get", fail)
    with pytest.raises(RegardError, match="doesn't open"):
        taken(file)


def test_a_project_does_not_stay_whatever_a_file_fails_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("regard.cli.custom_taking._taken", fail)
    with pytest.raises(MemoryError):
        take(tmp_path / "any", "new", None, data=tmp_path / "fresh")
    parts = build(Settings.load({}, data=tmp_path / "fresh"), has_models=False)
    assert parts.gate.call("describe_projects", {}, LOCAL)["ProjectDescriptions"] == []
    parts.close()


def test_nodes_of_a_file_are_not_taken_over(installed_pack: InstalledPack) -> None:
    base = installed_pack.path("centernet").read_bytes()
    content = tuned(base)
    model = onnx.load_from_string(
        carried.with_card(content, carried.CarriedCard(digest_of(content), "arn", "v1", 0.5, 1))
    )
    model.graph.node.append(onnx.helper.make_node("Relu", [LOGITS], ["more"]))
    assert carried.read_carried(model.SerializeToString(), lambda _: base).content == content
