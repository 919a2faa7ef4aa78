"""Labels are learned from examples: in any order, of any name, one or several a picture, and of none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.vision.custom.doubts import doubted_labels
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import MAX_LABELS, fit_labels
from regard.vision.custom.model_file import Backbone, StoredLabelModel, write_label_model
from tests.vision.custom.made import DIMENSION, NOTHING, clusters, elsewhere

BACKBONE = Backbone("network", "0" * 64)
EASY = {"ant": 12, "bee": 12, "wasp": 12}


def file_of(examples: LabelExamples, seed: int = 1) -> bytes:
    model = fit_labels(examples, elsewhere(), seed=seed).model
    return write_label_model(StoredLabelModel(model, dict.fromkeys(model.names, 0.5), BACKBONE))


def test_pictures_get_the_label_that_they_have() -> None:
    model = fit_labels(clusters(EASY), elsewhere(), seed=1).model
    test = clusters(EASY, seed=9)
    best = model.confidences(test.features).argmax(1)
    assert [(model.names[column],) for column in best] == list(test.labels)


def test_confidences_of_labels_that_exclude_each_other_share_one() -> None:
    fit = fit_labels(clusters(EASY), NOTHING, seed=1)
    assert fit.model.is_exclusive
    np.testing.assert_allclose(fit.model.confidences(clusters(EASY, seed=9).features).sum(1), 1, atol=1e-5)


def test_a_picture_may_have_several_labels_where_one_of_the_examples_has() -> None:
    fit = fit_labels(clusters({"hat": 20, "vest": 20, "hat+vest": 20}, spread=0.1), elsewhere(), seed=1)
    assert not fit.model.is_exclusive
    said = fit.model.confidences(clusters({"hat+vest": 10, "hat": 10}, seed=9, spread=0.1).features)
    assert (said[:10] > 0.5).all()
    assert (said[10:] > 0.5).tolist() == [[True, False]] * 10


def test_a_rare_label_is_found_beside_a_frequent_one() -> None:
    model = fit_labels(clusters({"fine": 300, "torn": 6}), NOTHING, seed=1).model
    test = clusters({"torn": 20}, seed=9)
    assert (model.confidences(test.features)[:, 1] > 0.5).mean() > 0.8


def test_what_shows_something_else_gets_no_label() -> None:
    places = elsewhere(16)
    other = np.random.default_rng(2).normal(0, 0.1, (50, DIMENSION)) + places[np.arange(50) % 16]
    features = np.maximum(other, 0) ** 2
    knows, knows_not = (fit_labels(clusters(EASY), some, seed=1).model for some in (places, NOTHING))
    assert knows.knows_none
    assert not knows_not.knows_none
    assert (knows.confidences(features).max(1) > 0.5).mean() < 0.1
    assert (knows_not.confidences(features).max(1) > 0.5).mean() > 0.3


def test_something_else_is_left_out_where_it_costs_too_much() -> None:
    """`rest` is anything that isn't a hat, and so are the centroids, more like hats than it is."""
    random = np.random.default_rng(1)
    rest, hat = random.uniform(0.2, 1.2, (2, 60, DIMENSION))
    centroids = random.uniform(0.2, 1.2, (8, DIMENSION))
    hat[:, :6] += 0.3
    centroids[:, :6] += 0.6
    features = (np.concatenate([rest, hat]) ** 2).astype(np.float32)
    fit = fit_labels(LabelExamples(features, (("rest",),) * 60 + (("hat",),) * 60), centroids, seed=1)
    assert not fit.model.knows_none
    assert fit.held_out.f1 > 0.85


def test_pictures_without_a_label_and_those_of_the_none_label_are_learned_as_none() -> None:
    named = clusters({"ant": 20, "bee": 20, "leaf": 20})
    unnamed = clusters({"ant": 20, "bee": 20, "leaf": 20}).without("leaf")
    for fit in (fit_labels(named, NOTHING, seed=1, none_label="leaf"), fit_labels(unnamed, NOTHING, seed=1)):
        assert fit.model.names == ("ant", "bee")
        said = fit.model.confidences(clusters({"leaf": 20, "ant": 20}, seed=9).features)
        assert said[:20].max() < 0.5
        assert said[20:, 0].min() > 0.5


def test_confidences_on_the_folds_are_as_often_right_as_they_say() -> None:
    fit = fit_labels(clusters({"ant": 150, "bee": 150}, spread=0.9), NOTHING, seed=1)
    said = fit.held_out.confidences.max(1)
    truth = [fit.examples.labels[row][0] for row in fit.held_out.rows.tolist()]
    right = np.array([fit.model.names[column] for column in fit.held_out.confidences.argmax(1)]) == truth
    assert 0.55 < right.mean() < 0.95  # otherwise the case says nothing
    assert abs(said.mean() - right.mean()) < 0.03


@settings(max_examples=6)
@given(st.permutations(range(36)), st.integers(0, 3))
def test_the_order_of_the_examples_changes_nothing(order: list[int], seed: int) -> None:
    examples = clusters(EASY)
    assert file_of(examples.take(np.array(order)), seed) == file_of(examples, seed)


def test_a_seed_gives_the_same_bytes_and_another_seed_other_folds() -> None:
    examples = clusters({"ant": 20, "bee": 20}, spread=0.8)
    assert file_of(examples, 1) == file_of(examples, 1)
    one, other = (fit_labels(examples, NOTHING, seed=seed).held_out for seed in (1, 2))
    said = [held.confidences[np.argsort(held.rows)] for held in (one, other)]
    assert not np.allclose(*said)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)


@settings(max_examples=8)
@given(st.lists(NAMES, min_size=2, max_size=4, unique=True))
def test_labels_may_have_any_name(names: list[str]) -> None:
    made = clusters({str(number): 6 for number in range(len(names))})
    examples = LabelExamples(made.features, tuple((names[int(label)],) for (label,) in made.labels))
    model = fit_labels(examples, NOTHING, seed=1).model
    assert model.names == tuple(sorted(names))
    best = model.confidences(examples.features).argmax(1)
    assert [(model.names[column],) for column in best] == list(examples.labels)


@pytest.mark.parametrize("counts", [{"ant": 1, "bee": 1}, {"ant": 2}, {"ant": 1, "bee": 40}])
def test_few_examples_are_learned_without_an_error(counts: dict[str, int]) -> None:
    said = fit_labels(clusters(counts), elsewhere(), seed=1).model.confidences(clusters(counts).features)
    assert np.isfinite(said).all()


def test_pictures_that_are_all_alike_give_no_certainty() -> None:
    features = np.ones((20, DIMENSION), np.float32)
    fit = fit_labels(LabelExamples(features, (("ant",), ("bee",)) * 10), NOTHING, seed=1)
    np.testing.assert_allclose(fit.model.confidences(features[:1]), 0.5, atol=0.05)


def test_half_precision_is_learned_as_well() -> None:
    examples = clusters(EASY)
    halves = LabelExamples(examples.features.astype(np.float16), examples.labels)
    said = [
        fit_labels(one, NOTHING, seed=1).model.confidences(examples.features) for one in (examples, halves)
    ]
    np.testing.assert_allclose(*said, atol=0.05)


def test_more_examples_than_the_folds_need_are_all_learned() -> None:
    examples = clusters({"ant": 300, "bee": 300}, spread=0.6)
    fit = fit_labels(examples, NOTHING, seed=1, sample=400)
    assert len(fit.held_out.rows) == 400
    sampled = fit_labels(examples.take(fit.held_out.rows), NOTHING, seed=1)
    whole = fit_labels(examples, NOTHING, seed=1)
    test = clusters({"ant": 200, "bee": 200}, seed=9, spread=0.6).features
    far, near = (
        np.abs(fit.model.logits(test) / fit.model.weights.std() - one.logits(test) / one.weights.std()).mean()
        for one in (sampled.model, whole.model)
    )
    assert near < far / 5  # but for their scale, which folds tell


def test_too_many_labels_and_none_are_refused() -> None:
    for count in (0, MAX_LABELS + 1):
        labels = tuple((str(number),) for number in range(count)) or ((),)
        examples = LabelExamples(np.ones((len(labels), DIMENSION), np.float32), labels)
        with pytest.raises(ValueError, match=f"There are {count} labels"):
            fit_labels(examples, NOTHING, seed=1)


def test_a_wrong_label_is_doubted_and_a_likelier_one_named() -> None:
    examples = clusters({"ant": 20, "bee": 20, "": 20})
    labels = list(examples.labels)
    labels[3], labels[45] = ("bee",), ("ant",)
    wrong = fit_labels(LabelExamples(examples.features, tuple(labels)), NOTHING, seed=1)
    doubts = {doubt.row: doubt for doubt in doubted_labels(wrong)}
    assert (doubts[3].given, doubts[3].likelier) == ("bee", "ant")
    assert (doubts[45].given, doubts[45].likelier) == ("ant", None)
    assert len(doubts) <= 4
