"""How two answers differ, and what many comparisons come to."""

from __future__ import annotations

import pytest

from regard.migration.shadow.comparing import compare, disagreement
from regard.migration.shadow.comparing.shapes import compare_shapes
from regard.migration.shadow.comparing.texts import edit_distance
from regard.migration.shadow.latency import quantile
from regard.migration.shadow.report import ShadowReport
from regard.migration.shadow.rows import LeavingVerdict, mean_row, share_row
from regard.migration.shadow.thresholds import false_match_rate, threshold_rows


def match(face: str, person: str, similarity: float) -> dict[str, object]:
    return {"Similarity": similarity, "Face": {"FaceId": face, "ExternalImageId": person}}


def test_searches_are_compared_by_the_people_they_find() -> None:
    here = {"FaceMatches": [match("1", "ann", 99.0), match("2", "bob", 90.0)]}
    there = {"FaceMatches": [match("2", "bob", 98.0), match("3", "bob", 97.0), match("1", "ann", 96.0)]}
    found = compare({"FaceMatchThreshold": 85}, here, there)["search"]
    assert (found["first"], found["jaccard"], found["threshold"]) == (False, 1.0, 85.0)
    assert found["similar"] == [[99.0, 96.0], [90.0, 98.0]]


def test_the_order_of_who_is_found_is_a_rank_correlation() -> None:
    there = {"FaceMatches": [match(name, name, 99.0 - place) for place, name in enumerate("abc")]}
    here = {"FaceMatches": [match(name, name, 99.0 - place) for place, name in enumerate("cba")]}
    assert compare({}, here, there)["search"]["rank"] == pytest.approx(-1)


def test_labels_are_compared_by_names_and_by_confidence() -> None:
    here = {"Labels": [{"Name": "Cat", "Confidence": 90.0}, {"Name": "Sofa", "Confidence": 60.0}]}
    there = {"Labels": [{"Name": "Cat", "Confidence": 60.0}, {"Name": "Pet", "Confidence": 60.0}]}
    compared = compare({}, here, there)
    found = compared["names"]
    assert found["jaccard"] == pytest.approx(1 / 3)
    assert found["weighted"] == pytest.approx(60 / 210)
    assert (found["here"], found["there"], found["both"]) == (["Sofa"], ["Pet"], ["Cat"])
    assert disagreement(compared, same_status=True) == pytest.approx(150 / 210)


def test_whom_a_picture_shows_is_not_kept() -> None:
    famous = {"CelebrityFaces": [{"Name": "Grace Hopper", "MatchConfidence": 99.0}]}
    found = compare({}, famous, {"CelebrityFaces": []})["names"]
    assert found == {"of": "Celebrities", "jaccard": 0.0, "weighted": 0.0, "differs": 1.0}


def test_another_status_is_the_largest_disagreement() -> None:
    assert disagreement({}, same_status=False) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "errors"), [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
)
def test_an_edit_distance_counts_letters(one: str, other: str, errors: int) -> None:
    assert edit_distance(one, other) == errors


def test_shapes_differ_by_fields_and_types_but_not_within_what_is_empty() -> None:
    here = {"Faces": [], "Labels": [{"Name": "Cat", "Score": 1}], "Count": "2"}
    there = {"Faces": [{"Box": 1}], "Labels": [{"Name": "Cat", "Parents": []}], "Count": 2}
    assert compare_shapes(here, there) == {
        "missing": ["Labels[].Parents"],
        "extra": ["Labels[].Score"],
        "types": ["Count"],
    }


def test_a_threshold_is_translated_into_the_one_with_as_many_matches() -> None:
    searches = [
        {"threshold": 80.0, "here": [99.0, 95.0, 85.0], "there": [99.0]},
        {"threshold": 80.0, "here": [97.0, 81.0], "there": [90.0, 85.0]},
    ]
    [row] = threshold_rows(searches)
    assert (row.searches, row.there.value, row.here) == (2, 1.5, 90.0)  # between the third and the fourth


def test_a_threshold_below_the_one_that_was_asked_for_is_not_made_up() -> None:
    [row] = threshold_rows([{"threshold": 99.0, "here": [], "there": [99.5]}] * 2)
    assert (row.here, row.false_match_rate) == (None, None)


@pytest.mark.parametrize(("similarity", "rate"), [(80.0, 1e-4), (95.0, 1e-5), (99.0, 1e-6)])
def test_a_similarity_here_means_a_false_match_rate(similarity: float, rate: float) -> None:
    assert false_match_rate(similarity) == pytest.approx(rate, rel=0.1)


def test_what_nobody_can_judge_is_not_called_better_or_worse() -> None:
    row = share_row("Faces", "m", [(n, n % 2 == 0) for n in range(100)], same_above=0.95)
    assert row is not None
    assert row.verdict is LeavingVerdict.NOT_COMPARABLE
    assert row.low < 0.5 < row.high


def test_more_failures_here_are_worse() -> None:
    row = mean_row("Wire", "m", "", [(n, 1 if n < 30 else 0) for n in range(100)], is_lower_better=True)
    assert row is not None
    assert row.verdict is LeavingVerdict.WORSE


def test_a_quantile_lies_between_two_of_the_values() -> None:
    assert quantile([float(n) for n in range(1, 101)], 0.5) == (50.0, 40.0, 60.0)


def test_an_empty_journal_makes_an_empty_report() -> None:
    report = ShadowReport.of([])
    assert (report.compared, list(report.rows), report.cost) == (0, [], 0)
