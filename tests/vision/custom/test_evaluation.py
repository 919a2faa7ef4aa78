"""What an evaluation counts, by label, by pair of labels and by picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.vision.custom.evaluation import evaluate_labels
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.rates import Retrieval, wilson

NAMES = ("ant", "bee", "wasp")
HALF = dict.fromkeys(NAMES, 0.5)
# Whose features are the squares of the logits, above 0 and below.
ECHO = LabelModel(
    NAMES, False, np.concatenate([np.eye(3), -np.eye(3)]).astype(np.float32), np.zeros(3, np.float32), False
)


def saying(confidences: list[list[float]], labels: list[tuple[str, ...]]) -> LabelExamples:
    """Pictures of which ECHO says these confidences."""
    odds = np.log(np.array(confidences) / (1 - np.array(confidences)))
    features = np.concatenate([np.maximum(odds, 0), np.maximum(-odds, 0)], 1) ** 2
    return LabelExamples(features.astype(np.float32), tuple(labels))


def test_labels_that_are_found_missed_and_mistaken_are_counted() -> None:
    test = saying(
        [[0.9, 0.1, 0.1], [0.2, 0.8, 0.1], [0.2, 0.1, 0.3], [0.6, 0.7, 0.2]],
        [("ant",), ("ant",), ("ant",), ("bee",)],
    )
    found = evaluate_labels(ECHO, HALF, test)
    assert found.labels["ant"] == Retrieval(found=1, false=1, missed=2)
    assert found.labels["bee"] == Retrieval(found=1, false=1, missed=0)
    assert found.labels["wasp"] == Retrieval(found=0, false=0, missed=0)
    assert found.confusion == {
        ("ant", "ant"): 1,
        ("ant", "bee"): 1,
        ("ant", None): 1,
        (None, "ant"): 1,
        ("bee", "bee"): 1,
    }


def test_each_picture_says_what_became_of_it() -> None:
    found = evaluate_labels(ECHO, HALF, saying([[0.2, 0.8, 0.1]], [("ant",)]))
    [[assumed, missed]] = found.pictures
    assert (assumed.name, assumed.is_assumed, assumed.is_true) == ("bee", True, False)
    assert (missed.name, missed.is_assumed, missed.is_true) == ("ant", False, True)
    assert missed.confidence == pytest.approx(0.2, abs=1e-6)


def test_each_label_has_its_own_threshold() -> None:
    test = saying([[0.4, 0.4, 0.4]], [("ant", "bee")])
    found = evaluate_labels(ECHO, {"ant": 0.3, "bee": 0.5, "wasp": 0.5}, test)
    assert found.labels["ant"].recall == 1
    assert found.labels["bee"].recall == 0


def test_labels_that_the_model_does_not_know_count_as_none() -> None:
    found = evaluate_labels(ECHO, HALF, saying([[0.1, 0.9, 0.1]], [("beetle",)]))
    assert found.confusion == {(None, "bee"): 1}


SAID = st.lists(st.tuples(*[st.sampled_from([0.1, 0.4, 0.6, 0.9])] * 3), min_size=1, max_size=8)


@settings(max_examples=25)
@given(SAID, st.data())
def test_counts_agree_with_the_confusion_and_the_pictures(
    said: list[tuple[float, ...]], data: st.DataObject
) -> None:
    labels = [tuple(sorted(data.draw(st.sets(st.sampled_from(NAMES))))) for _ in said]
    found = evaluate_labels(ECHO, HALF, saying([list(row) for row in said], labels))
    for name in NAMES:
        there = sum(name in some for some in labels)
        taken = sum(row[NAMES.index(name)] > 0.5 for row in said)
        counts = found.labels[name]
        assert counts.found + counts.missed == there
        assert counts.found + counts.false == taken
        outcomes = [one for picture in found.pictures for one in picture if one.name == name]
        assert counts.found == sum(one.is_true and one.is_assumed for one in outcomes)
        assert sum(count for cell, count in found.confusion.items() if cell[0] == name) == there
        assert sum(count for cell, count in found.confusion.items() if cell[1] == name) == taken


def test_the_mean_counts_every_label_the_same() -> None:
    test = saying([[0.9, 0.1, 0.1]] * 9 + [[0.9, 0.1, 0.1]], [("ant",)] * 9 + [("bee",)])
    found = evaluate_labels(ECHO, HALF, test)
    assert found.recall == pytest.approx(1 / 3)
    assert found.precision == pytest.approx(0.9 / 3)


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = wilson(8, 10)  # as in Brown, Cai and DasGupta's formula, to four places
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 0) == (0, 1)


def test_intervals_hold_what_they_are_of() -> None:
    counts = Retrieval(found=8, false=2, missed=4)
    for value, (low, high) in (
        (counts.precision, counts.precision_interval),
        (counts.recall, counts.recall_interval),
        (counts.f1, counts.f1_interval),
    ):
        assert 0 < low < value < high < 1
