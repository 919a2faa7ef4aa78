"""The audit by group, on made faces whose errors are known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from regard.errors import RegardError
from regard.evaluation.bias import BiasAudit, audit_bias, choose_columns
from regard.evaluation.dataset import Sample
from regard.evaluation.faces import FaceSet, Observation
from regard.presentation.audits.record import bias_record
from regard.presentation.audits.verdicts import bias_verdicts
from regard.vision.faces.attributes import Attributes, Gender
from tests.evaluation import made

NEAR = made.MODEL.curve.distance_at(99) / 2


class Read(Attributes):
    """What was told of a face, age and gender alone."""

    def __init__(self, age: float, gender: Gender) -> None:
        object.__setattr__(self, "age", age)
        object.__setattr__(self, "gender", gender)


def audit(samples: list[Sample], rows: list[np.ndarray | None]) -> BiasAudit:
    return audit_bias(made.dataset(samples), made.faces(samples, rows))


Crowd = tuple[list[Sample], list[np.ndarray | None]]


def crowd(group: str, people: int, *, alike: float, seed: int = 0) -> Crowd:
    """People with two pictures each; this share of them stands in pairs that look alike."""
    random = np.random.default_rng(seed)
    samples: list[Sample] = []
    rows: list[np.ndarray | None] = []
    for person in range(people):
        place = person - 1 if person % 2 and person < alike * people else person
        for picture in range(2):
            samples.append(made.sample(f"{group}{person}/{picture}", f"{group}{person}", {"race": group}))
            rows.append(made.at(*divmod(place, 16)) + random.normal(0, NEAR / 10, 2).astype(np.float32))
    return samples, rows


def test_rates_are_of_pairs_within_a_group() -> None:
    samples = [made.sample(name, name, {"race": name[0]}) for name in ("a1", "a2", "b1", "b2")]
    rows = [made.at(0, 0), made.at(9, 0), made.at(0, NEAR), made.at(0, 2 * NEAR)]  # a1 is like b1, b1 like b2
    [column] = audit(samples, rows).columns
    rates = {group.name: group.false_match[99.0] for group in column.groups}
    assert [rate and rate.value for rate in rates.values()] == [0, 1]


def test_a_group_that_is_mistaken_more_often_is_named() -> None:
    alike, alike_rows = crowd("A", 120, alike=1.0, seed=1)
    apart, apart_rows = crowd("B", 120, alike=0.1, seed=2)
    found = audit(alike + apart, alike_rows + apart_rows)
    said = bias_verdicts(found)["race"]
    [sentence] = [
        one for one in said if one.startswith("At 99 %, the false match rate of A is 10 times that of B")
    ]
    assert sentence.endswith("a real difference.")
    record = json.loads(json.dumps(bias_record(found), allow_nan=False))
    [compared] = [
        one for one in record["comparisons"] if (one["measure"], one["threshold"]) == ("false_match", 99)
    ]
    assert (compared["worse"], compared["better"], compared["real"]) == ("A", "B", True)
    assert compared["ratio"] == pytest.approx(10)


def test_groups_of_which_too_little_is_known_are_not_judged() -> None:
    alike, alike_rows = crowd("A", 40, alike=0.1, seed=1)
    apart, apart_rows = crowd("B", 40, alike=0.05, seed=2)
    said = bias_verdicts(audit(alike + apart, alike_rows + apart_rows))["race"]
    [sentence] = [
        one for one in said if "At 99 %, too little data to tell whether the false match rate" in one
    ]
    assert "people a group are needed" in sentence
    assert not any("a real difference" in one for one in said)


def test_groups_of_one_rate_are_not_told_apart() -> None:
    one, one_rows = crowd("A", 40, alike=0.1, seed=1)
    other, other_rows = crowd("B", 40, alike=0.1, seed=1)
    said = bias_verdicts(audit(one + other, one_rows + other_rows))["race"]
    [sentence] = [
        told for told in said if told.startswith("At 99 %, no difference is seen in the false match")
    ]
    assert sentence.endswith(" per million pairs in every group.")


def test_one_person_makes_no_strangers() -> None:
    samples = [
        made.sample(name, "one" if name < "b" else name, {"race": name[0]}) for name in ("a1", "a2", "b1")
    ]
    said = bias_verdicts(audit(samples, [made.at(0, 0), made.at(0, 0), made.at(9, 9)]))["race"]
    assert "a has one person: there are no strangers to compare." in said
    assert "b has one person: there are no strangers to compare." in said
    assert not any("false match" in one for one in said)


def test_without_second_pictures_no_rate_of_misses_is_told() -> None:
    samples = [made.sample(name, name, {"race": name[0]}) for name in ("a1", "a2", "b1", "b2")]
    found = audit(samples, [made.at(place, 0) for place in range(0, 36, 9)])
    assert found.everyone.false_non_match[99.0] is None
    assert (
        "Nobody has two pictures: how often a person is missed can't be told." in bias_verdicts(found)["race"]
    )


def test_pictures_without_a_face_count_by_group() -> None:
    samples = [made.sample(f"{name}{number}", "", {"race": name}) for name in "ab" for number in range(10)]
    rows = [None if number < 5 else made.at(number * 9, 0) for number in range(20)]
    found = audit(samples, rows)
    rates = {group.name: group.not_found for group in found.columns[0].groups}
    assert [rate and (rate.value, rate.events) for rate in rates.values()] == [(0.5, 5), (0, 0)]
    assert found.no_face == tuple(f"a{number}" for number in range(5))


def test_ages_and_genders_are_judged_by_group() -> None:
    truth = {"age": (40.0, 40.0), "gender": Gender.FEMALE}
    samples = [
        made.sample(f"{name}{number}", "", {"race": name}, **truth) for name in "ab" for number in range(40)
    ]
    told = [Read(50.0 + number % 3, Gender.MALE if number < 40 else Gender.FEMALE) for number in range(40)]
    told += [Read(38.0 + number % 3, Gender.FEMALE) for number in range(40)]
    observations = [
        Observation(one, made.at(9 * place, 0), attributes)
        for place, (one, attributes) in enumerate(zip(samples, told, strict=True))
    ]
    found = audit_bias(made.dataset(samples), FaceSet(tuple(observations), made.MODEL))
    worse, better = found.columns[0].groups
    assert worse.age_error is not None
    assert better.age_shift is not None
    assert worse.gender_error is not None
    assert worse.age_error.value == pytest.approx(np.mean([10 + number % 3 for number in range(40)]))
    assert better.age_shift.value == pytest.approx(np.mean([number % 3 - 2 for number in range(40)]))
    assert (worse.gender_error.value, worse.gender_error.events) == (1, 40)
    said = bias_verdicts(found)["race"]
    assert any(
        one.startswith("Ages are off by 11.0 years for a") and "a real difference" in one for one in said
    )
    assert any(
        one.startswith("The share of faces whose gender is read wrongly of a is at least") for one in said
    )


def test_an_age_within_the_range_that_is_known_is_right() -> None:
    samples = [made.sample(f"{number}", "", {"race": "a"}, age=(30.0, 39.0)) for number in range(4)]
    told = (28.0, 30.0, 35.0, 42.0)
    observations = [
        Observation(one, made.at(9 * place, 0), Read(age, Gender.MALE))
        for place, (one, age) in enumerate(zip(samples, told, strict=True))
    ]
    found = audit_bias(made.dataset(samples), FaceSet(tuple(observations), made.MODEL)).everyone
    assert found.age_error is not None
    assert found.age_shift is not None
    assert (found.age_error.value, found.age_shift.value) == ((2 + 3) / 4, (-2 + 3) / 4)


def test_pictures_of_two_people_that_are_nearest_are_named() -> None:
    samples = [made.sample(name) for name in ("a", "b", "c", "d")]
    found = audit(samples, [made.at(0, 0), made.at(NEAR, 0), made.at(NEAR / 4, 0), made.at(5, 5)])
    named = [(pair.first, pair.second) for pair in found.nearest_strangers]
    assert named == [("a", "c"), ("b", "c"), ("a", "b")]
    assert [pair.similarity for pair in found.nearest_strangers] == sorted(
        (pair.similarity for pair in found.nearest_strangers), reverse=True
    )


def test_a_column_of_names_is_left_out_unless_it_is_asked_for() -> None:
    data = made.dataset(
        [made.sample(f"{number}", "", {"note": f"{number}", "race": "a"}) for number in range(30)]
    )
    assert choose_columns(data, ()) == (("race",), ("note",))
    assert choose_columns(data, ("note",)) == (("note",), ())
    with pytest.raises(RegardError, match="no group column colour; there are: note, race"):
        choose_columns(data, ("colour",))


def test_pictures_without_any_face_are_an_error() -> None:
    with pytest.raises(RegardError, match="No face was found in any picture"):
        audit([made.sample("a")], [None])


def test_files_that_can_not_be_read_are_named() -> None:
    samples = [made.sample("a"), made.sample("b"), made.sample("c")]
    observations = (
        Observation(samples[0], made.at(0, 0)),
        Observation(samples[1], made.at(9, 0)),
        Observation(samples[2], error="It is empty."),
    )
    data = replace(made.dataset(samples), refused=(("d", "It is not within x."),))
    found = audit_bias(data, FaceSet(observations, made.MODEL))
    assert found.unreadable == (("d", "It is not within x."), ("c", "It is empty."))
    assert found.everyone.pictures == 2
