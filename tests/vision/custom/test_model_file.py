"""A model's file is ONNX that anybody can run, and gives the model back."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.packs.install import InstalledPack
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.model_file import (
    Backbone,
    ModelFileError,
    StoredLabelModel,
    read_label_model,
    write_label_model,
    write_whole_model,
)
from regard.vision.custom.onnx_file import KEY
from regard.vision.features import NETWORK
from regard.vision.pixels import resize
from regard.vision.session import SessionPool
from tests.vision.custom.made import clusters, elsewhere, pictures


def stored(model: LabelModel | None = None) -> StoredLabelModel:
    model = model or fit_labels(clusters({"ant": 10, "bee": 10}), elsewhere(), seed=1).model
    return StoredLabelModel(model, dict.fromkeys(model.names, 0.25), Backbone(NETWORK, "a" * 64))


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with other metadata."""
    model = onnx.load_from_string(data)
    facts = json.loads(model.metadata_props[0].value)
    change(facts)
    model.metadata_props[0].value = json.dumps(facts)
    return model.SerializeToString()


@pytest.mark.parametrize(
    "counts", [{"ant": 10, "bee": 10}, {"hat": 10, "hat+vest": 10}], ids=["softmax", "one against all"]
)
def test_onnx_runtime_says_what_the_model_says(counts: dict[str, int]) -> None:
    one = stored(fit_labels(clusters(counts), elsewhere(), seed=1).model)
    session = onnxruntime.InferenceSession(write_label_model(one), providers=["CPUExecutionProvider"])
    features = clusters(counts, seed=9).features
    [said] = session.run(None, {"features": features})
    np.testing.assert_allclose(said, one.model.confidences(features), atol=2e-6)


def test_a_file_gives_the_model_back() -> None:
    before = stored()
    after = read_label_model(write_label_model(before))
    assert (after.model.names, after.thresholds, after.backbone) == (
        before.model.names,
        before.thresholds,
        before.backbone,
    )
    features = clusters({"ant": 5}).features
    assert np.array_equal(after.model.confidences(features), before.model.confidences(features))
    assert write_label_model(after) == write_label_model(before)


@settings(max_examples=10)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True))
def test_names_of_any_characters_come_back(names: list[str]) -> None:
    model = LabelModel(
        tuple(names), False, np.ones((2, len(names)), np.float32), np.zeros(len(names), np.float32), False
    )
    assert read_label_model(write_label_model(stored(model))).model.names == tuple(names)


def test_the_whole_model_reads_pictures_by_itself(installed_pack: InstalledPack) -> None:
    features = PictureFeatures(SessionPool(installed_pack.paths()))
    shown = pictures(["disc", "stripes"], 6)
    rows = features.read_all(image for image, _ in shown)
    made = clusters({"disc": 6, "stripes": 6}, dimension=features.dimension)
    model = fit_labels(
        type(made)(rows, tuple((kind,) for _, kind in shown)), np.zeros((0, features.dimension)), seed=1
    ).model
    one = StoredLabelModel(model, dict.fromkeys(model.names, 0.5), Backbone(NETWORK, features.digest))
    whole = write_whole_model(one, installed_pack.paths()[NETWORK].read_bytes())
    onnx.checker.check_model(onnx.load_from_string(whole), full_check=True)
    assert whole == write_whole_model(one, installed_pack.paths()[NETWORK].read_bytes())
    session = onnxruntime.InferenceSession(whole, providers=["CPUExecutionProvider"])
    chips = np.stack([resize(image.pixels, 224, 224) for image, _ in shown])
    [said] = session.run(None, {session.get_inputs()[0].name: chips})
    np.testing.assert_allclose(said, model.confidences(rows), atol=1e-4)
    assert read_label_model(whole).model.names == model.names


BAD: dict[str, Callable[[bytes], bytes]] = {
    "no file": lambda _: b"",
    "no ONNX": lambda _: b"GIF89a" * 20,
    "cut off": lambda data: data[: len(data) // 2],
    "no metadata": lambda data: _without_metadata(data),
    "another kind": lambda data: changed(data, lambda facts: facts.update(kind="boxes")),
    "another format": lambda data: changed(data, lambda facts: facts.update(format=99)),
    "no labels": lambda data: changed(data, lambda facts: facts.pop("labels")),
    "a label too many": lambda data: changed(data, lambda facts: facts["labels"].append("wasp")),
    "a label twice": lambda data: changed(data, lambda facts: facts.update(labels=["ant", "ant"])),
    "a threshold beyond 1": lambda data: changed(data, lambda facts: facts.update(thresholds=[2, 0.5])),
    "a threshold that is a word": lambda data: changed(data, lambda facts: facts.update(thresholds=["a", 1])),
    "a list of metadata": lambda data: _with_metadata(data, "[]"),
    "metadata that is no JSON": lambda data: _with_metadata(data, "{"),
    "infinite weights": lambda data: _with_weights(data, np.inf),
    "no weights": lambda data: _with_weights(data, None),
}


def _without_metadata(data: bytes) -> bytes:
    model = onnx.load_from_string(data)
    del model.metadata_props[:]
    return model.SerializeToString()


def _with_metadata(data: bytes, text: str) -> bytes:
    model = onnx.load_from_string(data)
    model.metadata_props[0].key, model.metadata_props[0].value = KEY, text
    return model.SerializeToString()


def _with_weights(data: bytes, value: float | None) -> bytes:
    model = onnx.load_from_string(data)
    [weights] = [one for one in model.graph.initializer if one.name.endswith("weights")]
    model.graph.initializer.remove(weights)
    if value is not None:
        shape = list(weights.dims)
        model.graph.initializer.append(
            onnx.numpy_helper.from_array(np.full(shape, value, np.float32), weights.name)
        )
    return model.SerializeToString()


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_in_one_sentence(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ModelFileError) as refused:
        read_label_model(spoil(write_label_model(stored())))
    assert str(refused.value).endswith(".")


@settings(max_examples=60)
@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    file = bytearray(write_label_model(stored(SMALL)))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ModelFileError):
        read_label_model(bytes(file))


SMALL = LabelModel(("ant", "bee"), True, np.ones((3, 2), np.float32), np.zeros(2, np.float32), False)
