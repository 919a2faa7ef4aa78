"""Requests about users that are repeated, or come at once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from regard.errors import (
    ConflictException,
    IdempotentParameterMismatchException,
    ResourceNotFoundException,
)
from regard.resources.request_tokens import REMEMBERED
from regard.storage.schema import request_tokens
from tests.collections.test_user_vector import VECTORS
from tests.collections.user_stores import PEOPLE, Stores
from tests.postgres import Place


def test_a_repeated_request_is_answered_as_before_and_changes_nothing(store: Stores) -> None:
    faces = store.enrol(1, 3)
    store.create("ann", "1")
    store.create("ann", "1")
    first = store.associate("ann", faces, "2")
    store.disassociate("ann", faces[:1])
    assert store.associate("ann", faces, "2") == replace(first, is_repeated=True)
    assert store.owners()[faces[0]] is None
    left = store.disassociate("ann", faces[1:], "2")  # a token is its operation's own
    assert store.disassociate("ann", faces[1:], "2") == replace(left, is_repeated=True)
    store.delete("ann", "1")
    store.delete("ann", "1")
    assert store.listed() == {}


def test_a_refusal_is_repeated_word_for_word(store: Stores) -> None:
    [own], [stranger] = store.enrol(1, 1), store.enrol(2, 1)
    store.create("ann")
    store.associate("ann", [own])
    first = store.associate("ann", [stranger, "unknown"], "1")
    assert first.refused
    assert store.associate("ann", [stranger, "unknown"], "1") == replace(first, is_repeated=True)


def test_a_token_with_other_parameters_is_refused(store: Stores) -> None:
    store.create("ann", "1")
    with pytest.raises(IdempotentParameterMismatchException):
        store.create("ben", "1")
    assert store.listed() == {"ann": "CREATED"}


def test_a_request_that_failed_is_not_remembered(store: Stores) -> None:
    with pytest.raises(ResourceNotFoundException):
        store.delete("ann", "1")
    store.create("ann")
    store.delete("ann", "1")
    assert store.listed() == {}


def test_a_token_is_forgotten_after_a_day(store: Stores) -> None:
    store.create("ann", "1")
    store.create("ben", "2")

    def grow_older(by: int) -> None:
        with store.database.write() as connection:
            connection.execute(update(request_tokens).values(expires=request_tokens.c.expires - by))

    grow_older(REMEMBERED - 60_000)
    store.create("ann", "1")
    grow_older(60_001)
    with pytest.raises(ConflictException):
        store.create("ann", "1")
    store.create("cleo", "1")
    with store.database.read() as connection:
        assert connection.execute(select(request_tokens.c.token)).scalars().all() == ["1"]


def test_a_collection_of_the_same_name_has_no_tokens_of_the_one_that_is_gone(store: Stores) -> None:
    store.create("ann", "1")
    store.collections.delete(store.collection)
    store.collections.create("c", "1")
    store.create("ann", "1")
    assert store.listed() == {"ann": "CREATED"}


def in_parallel(*calls: object) -> list[object]:
    """What concurrent calls answered, or raised."""
    results: list[object] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()  # type: ignore[operator]
        except ConflictException as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_face_given_to_two_users_at_once_joins_exactly_one(store: Stores, place: Place) -> None:
    store.create("ann")
    store.create("ben")
    there = Stores(place.open())
    for round_ in range(10):
        [face] = store.enrol(1, 1, first=round_)
        answers = in_parallel(
            lambda face=face: store.associate("ann", [face]),
            lambda face=face: there.associate("ben", [face]),
        )
        assert sorted(len(answer.done) for answer in answers) == [0, 1]  # type: ignore[attr-defined]
        loser = min(answers, key=lambda answer: len(answer.done))  # type: ignore[attr-defined]
        assert loser.refused[0].user_id == store.owners()[face]  # type: ignore[attr-defined]


def test_two_requests_with_one_token_act_once(store: Stores, place: Place) -> None:
    there = Stores(place.open())
    answers = in_parallel(*(lambda at=at: at.create("ann", "1") for at in (store, there) * 4))
    assert answers == [None] * 8
    assert store.collection.user_count == 1


def test_users_associated_at_once_are_all_found(store: Stores) -> None:
    faces = {person: store.enrol(person, 8) for person in PEOPLE}
    for person in PEOPLE:
        store.create(f"user-{person}")
    in_parallel(
        *(
            lambda person=person, face=face: store.associate(f"user-{person}", [face])
            for person in PEOPLE
            for face in faces[person]
        )
    )
    for person in PEOPLE:
        assert store.found(PEOPLE[person][9]) == [f"user-{person}"]
        expected = VECTORS.of(PEOPLE[person][:8])
        assert store.users.vector(store.collection, f"user-{person}") == pytest.approx(expected, abs=2e-3)


def test_a_user_is_found_while_its_faces_change(store: Stores, place: Place) -> None:
    faces = store.enrol(1, 2)
    store.create("ann")
    store.associate("ann", faces[:1])
    there, stop = Stores(place.open()), threading.Event()

    def change() -> None:
        while not stop.is_set():
            there.associate("ann", faces[1:])
            there.disassociate("ann", faces[1:])

    changing = threading.Thread(target=change)
    changing.start()
    try:
        assert [store.found(PEOPLE[1][5]) for _ in range(100)] == [["ann"]] * 100
    finally:
        stop.set()
        changing.join()
