"""The heads' cards say, of every attribute, how well it was judged and how sure that is."""

from __future__ import annotations

from regard.evaluation.heads import HEADS, head_metrics, head_trainings
from regard.vision.faces.heads import load_head


def test_every_judgement_of_the_appearance_head_was_measured_on_faces_it_had_not_seen() -> None:
    measured = {row.attribute for row in head_metrics() if "unseen" in row.data}
    assert set(load_head("appearance").outputs) <= measured
    assert {"age", "gender", "emotions"} <= measured


def test_every_figure_lies_in_its_interval() -> None:
    for row in head_metrics():
        assert row.count > 0
        assert row.low is not None
        assert row.high is not None
        assert row.low - 1e-3 <= row.value <= row.high + 1e-3, row


def test_every_head_says_what_it_was_trained_on() -> None:
    trainings = head_trainings()
    assert len(trainings) == len(HEADS)
    for training in trainings:
        assert training.data
        assert "Research-only data" in training.terms
