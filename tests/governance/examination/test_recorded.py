"""What a search in a stored video tells under a strict purpose: that somebody is there, and never who."""

from __future__ import annotations

import json
import uuid

from hypothesis import given
from hypothesis import strategies as st

from regard.jobs.records import Item
from regard.operations.reviewing.recorded import unnamed, unnamed_items

SECRET = "of one job"


def match(face_id: str, similarity: float = 99.9) -> dict[str, object]:
    face = {"FaceId": face_id, "ExternalImageId": f"name of {face_id}", "Confidence": 99.0}
    return {"Similarity": similarity, "Face": face}


def answer(*people: list[dict[str, object]]) -> dict[str, object]:
    persons = [
        {"Timestamp": number, "Person": {"Index": number}, "FaceMatches": found}
        for number, found in enumerate(people)
    ]
    return {"JobStatus": "SUCCEEDED", "Persons": [*persons, {"Timestamp": 9, "Person": {"Index": 9}}]}


def told(given: dict[str, object], secret: str = SECRET) -> list[list[dict[str, object]]]:
    shown = unnamed(given, secret=secret, threshold=99.0)
    return [person.get("FaceMatches", []) for person in shown["Persons"]]


def test_times_and_people_stay_and_names_and_similarities_go() -> None:
    shown = unnamed(answer([match("a")], []), secret=SECRET, threshold=99.0)
    assert [one["Timestamp"] for one in shown["Persons"]] == [0, 1, 9]
    [placeholder] = shown["Persons"][0]["FaceMatches"]
    assert placeholder["Similarity"] == 99.0
    assert placeholder["Face"].keys() == {"FaceId", "ExternalImageId"}
    assert placeholder["Face"]["ExternalImageId"].startswith("PENDING_REVIEW:")
    assert uuid.UUID(placeholder["Face"]["FaceId"]).version == 4
    assert shown["Persons"][1]["FaceMatches"] == []


def test_somebody_who_comes_back_has_the_same_placeholder_in_one_job_alone() -> None:
    [first], [again], [other], _ = told(answer([match("a")], [match("a", 99.1)], [match("b")]))
    assert first == again != other
    [elsewhere], *_ = told(answer([match("a")]), secret="of another job")
    assert elsewhere != first


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_placeholders_tells_no_rank(names: list[str]) -> None:
    ranked = [match(name, 99.9 - place / 10) for place, name in enumerate(names)]
    [found, _] = told(answer(ranked))
    [expected, _] = told(answer([match(name) for name in "abcd"]))
    assert found == expected


def test_nothing_of_a_face_is_left_in_what_is_told() -> None:
    shown = json.dumps(unnamed(answer([match("face-1", 99.87)]), secret=SECRET, threshold=99.0))
    assert not [one for one in ("face-1", "name of", "99.87", "Confidence") if one in shown]


def test_celebrities_are_not_told_at_all() -> None:
    found = {"JobStatus": "SUCCEEDED", "Celebrities": [{"Celebrity": {"Name": "somebody"}}]}
    assert unnamed(found, secret=SECRET, threshold=99.0)["Celebrities"] == []


def test_one_pass_over_a_file_tells_no_names_either() -> None:
    items = [Item(0, "1", {"FaceMatches": [match("a")]}, "MATCHES"), Item(0, "1", {"Person": {"Index": 1}})]
    first, second = unnamed_items(items, secret=SECRET, threshold=99.0)
    assert "name of" not in json.dumps(first.body)
    assert second == items[1]
