"""Before the rating nothing tells a look-alike from a stranger: neither size, headers nor time."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.reviewing import ReviewOffice

from regard.app import Parts
from regard.governance.released import Released

ROUNDS = 60
LIKE, UNLIKE = "likes", "other"  # as long as each other, as are their faces' names


@pytest.fixture
def office(shared_parts: Parts, portrait: Path, other_portrait: Path) -> Iterator[ReviewOffice]:
    """One that looks for missing people, where a search may answer with whoever resembles nobody."""
    made = ReviewOffice(shared_parts, purpose="missing-person")
    for collection, shown in ((LIKE, portrait), (UNLIKE, other_portrait)):
        made.gallery(collection=collection)
        made.enrol(shown, "somebody", collection)
    yield made
    made.close()


def both(office: ReviewOffice, probe: Path) -> tuple[Released, Released]:
    """What the searches answer that find the look-alike, and the stranger."""
    like, unlike = (office.search(probe, one, FaceMatchThreshold=0) for one in (LIKE, UNLIKE))
    return like, unlike


def told(answer: Any) -> str:
    return json.dumps(answer, default=lambda one: f"{len(one)} bytes" if isinstance(one, bytes) else str(one))


def shape(answer: Any) -> Any:
    """What an answer is made of, without its values."""
    if isinstance(answer, dict):
        return {name: shape(value) for name, value in answer.items()}
    return [shape(one) for one in answer] if isinstance(answer, list) else type(answer).__name__


def test_the_answer_to_a_search_is_the_same_in_shape_size_and_headers(
    office: ReviewOffice, portrait: Path
) -> None:
    like, unlike = both(office, portrait)
    assert len(like.body["FaceMatches"]) == 1
    assert shape(like.body) == shape(unlike.body)
    assert len(told(like.body)) == len(told(unlike.body))
    [one], [other] = like.body["FaceMatches"], unlike.body["FaceMatches"]
    assert one["Similarity"] == other["Similarity"]
    assert {name: len(value) for name, value in like.headers.items()} == {
        name: len(value) for name, value in unlike.headers.items()
    }


def test_the_sheets_are_the_same_but_for_their_pictures(office: ReviewOffice, portrait: Path) -> None:
    both(office, portrait)
    sheets = []
    for name in ("rita", "rolf"):
        who = office.reviewer(name)
        taken = office.call("take_review", who)
        sheet = office.call("get_review_sheet", who, ReviewId=taken["ReviewId"])
        sheets.append((shape(taken), shape(sheet), len(told(taken)), len(told(sheet))))
    assert sheets[0] == sheets[1]


@pytest.mark.slow
def test_a_look_alike_takes_as_long_as_a_stranger(office: ReviewOffice, portrait: Path) -> None:
    both(office, portrait)
    sheets = [office.take(name) for name in ("rita", "rolf")]  # the older first, which is the look-alike's
    for what in ("search", "sheet", "picture"):
        like, unlike = (served(office, what, place, sheets[place], portrait) for place in (0, 1))
        seconds: tuple[list[float], list[float]] = ([], [])
        for turn in range(ROUNDS):
            # In turns, and each first as often, so that what else the machine does is both's alike.
            for kind in (0, 1) if turn % 2 else (1, 0):
                start = time.perf_counter()
                (like, unlike)[kind]()
                seconds[kind].append(time.perf_counter() - start)
        one, other = map(statistics.median, seconds)
        print(what, len(seconds[0]), one, other)
        assert max(one, other) < 1.5 * min(one, other), what


def served(office: ReviewOffice, what: str, place: int, review: str, portrait: Path) -> Callable[[], object]:
    """What is called again and again: of the look-alike (0), or of the stranger (1)."""
    if what == "search":
        return lambda: office.search(portrait, (LIKE, UNLIKE)[place], FaceMatchThreshold=0)
    who = office.reviewer(("rita", "rolf")[place])
    if what == "sheet":
        return lambda: office.call("get_review_sheet", who, ReviewId=review)
    return lambda: office.call("get_review_picture", who, ReviewId=review, Number=1)
