"""Heads compute what their files say, and every head has a card that says what it was made of."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from regard.vision.faces.describer import EXPRESSIONS
from regard.vision.faces.heads import MapHead, MapWindow, load_head, softmax
from regard.vision.geometry import sigmoid

NAMES = ("appearance", "age_gender", "expression")


def test_a_head_is_a_look_at_a_window_and_a_vector() -> None:
    random = np.random.default_rng(0)
    maps = random.normal(size=(3, 4, 5, 6)).astype(np.float32)
    vector = random.normal(size=(3, 2)).astype(np.float32)
    window = MapWindow((1, 3), (2, 5), random.normal(size=(6, 2)).astype(np.float32), np.ones(2, np.float32))
    layers = tuple(
        (random.normal(size=shape).astype(np.float32), random.normal(size=shape[1]).astype(np.float32))
        for shape in ((14, 7), (7, 1))
    )
    centre, spread = np.array([0.5, -1], np.float32), np.array([2, 0.1], np.float32)
    head = MapHead(("x",), {"map": window}, centre, spread, layers)
    for number in range(3):
        values = []
        for row in (1, 2):
            for column in (2, 3, 4):
                values += np.maximum(maps[number, row, column] @ window.weights + 1, 0).tolist()
        values += np.clip((vector[number] - centre) / spread, -8, 8).tolist()
        hidden = np.maximum(np.array(values) @ layers[0][0] + layers[0][1], 0)
        expected = hidden @ layers[1][0] + layers[1][1]
        assert head.logits({"map": maps}, vector)[number] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_every_head_has_a_card_that_names_its_data_and_their_terms(name: str) -> None:
    card = json.loads(files("regard.vision.faces").joinpath(f"heads/{name}.json").read_text("utf-8"))
    assert card["head"] == name
    assert card["trained on"]
    assert card["research-only data"]
    assert card["limits"]
    assert card["bytes"] == len(files("regard.vision.faces").joinpath(f"heads/{name}.npz").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_small_and_finite(name: str) -> None:
    head = load_head(name)
    assert all(np.isfinite(array).all() for layer in head.layers for array in layer)
    assert len(files("regard.vision.faces").joinpath(f"heads/{name}.npz").read_bytes()) < 2_000_000


def test_expressions_are_in_the_heads_order() -> None:
    assert load_head("expression").outputs == tuple(EXPRESSIONS)


def test_sigmoid_and_softmax_bear_any_logit() -> None:
    assert sigmoid(np.array([-1e9, 0, 1e9])).tolist() == pytest.approx([0, 0.5, 1])
    assert softmax(np.array([[1e9, 0, -1e9]]))[0].tolist() == [1, 0, 0]
