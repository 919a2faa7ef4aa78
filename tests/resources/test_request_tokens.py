"""Tokens of requests, on either database."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.postgres import Place

from regard.errors import IdempotentParameterMismatchException, ServiceError, ThrottlingException
from regard.resources.request_tokens import (
    IdempotentRequest,
    earlier_answer,
    expire_answers,
    forget_answers,
    remember,
)
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import request_tokens

REQUEST = IdempotentRequest("KEY", "create_user", "t", {"CollectionId": "c", "UserId": "ann"})


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


def put(database: Database, request: IdempotentRequest, answer: dict[str, Any], **options: Any) -> None:
    with database.write() as connection:
        remember(connection, request, answer, **({"resource": "collection/c"} | options))


def answer_to(database: Database, request: IdempotentRequest) -> dict[str, Any] | None:
    with database.read() as connection:
        return earlier_answer(connection, request)


def test_the_token_is_no_parameter_and_the_order_of_parameters_does_not_count() -> None:
    one = IdempotentRequest.read("K", "op", {"A": 1, "ClientRequestToken": "t", "B": [2]})
    other = IdempotentRequest.read("K", "op", {"B": [2], "A": 1})
    assert (one.token, other.token) == ("t", None)
    assert one.digest == other.digest
    assert replace(one, parameters={"A": 1, "B": [3]}).digest != one.digest


def test_a_token_is_its_caller_s_and_its_operation_s_own(database: Database) -> None:
    put(database, REQUEST, {"n": 1})
    assert answer_to(database, REQUEST) == {"n": 1}
    for other in (replace(REQUEST, key_id="OTHER"), replace(REQUEST, operation="delete_user")):
        assert answer_to(database, other) is None
        put(database, other, {"n": 2})
    assert answer_to(database, REQUEST) == {"n": 1}


def test_a_token_with_other_parameters_is_refused(database: Database) -> None:
    put(database, REQUEST, {})
    with pytest.raises(IdempotentParameterMismatchException):
        answer_to(database, replace(REQUEST, parameters={"CollectionId": "d", "UserId": "ann"}))


def test_a_request_without_a_token_is_always_new(database: Database) -> None:
    request = replace(REQUEST, token=None)
    put(database, request, {})
    put(database, request, {})
    assert answer_to(database, request) is None


def test_an_answer_goes_with_its_transaction(database: Database) -> None:
    def change() -> None:
        with database.write() as connection:
            remember(connection, REQUEST, {}, resource="collection/c")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert answer_to(database, REQUEST) is None


def test_an_answer_is_kept_as_long_as_was_asked(database: Database) -> None:
    put(database, REQUEST, {"n": 1}, kept=60_000)
    forever = replace(REQUEST, token="forever")
    put(database, forever, {}, kept=None)
    with database.write() as connection:
        connection.execute(update(request_tokens).values(expires=request_tokens.c.expires - 59_000))
    assert answer_to(database, REQUEST) == {"n": 1}
    with database.write() as connection:
        connection.execute(update(request_tokens).values(expires=request_tokens.c.expires - 1_000))
    assert answer_to(database, REQUEST) is None
    put(database, REQUEST, {"n": 2})
    assert answer_to(database, REQUEST) == {"n": 2}
    assert answer_to(database, forever) == {}


def test_what_has_expired_is_erased_with_the_next_answer(database: Database) -> None:
    put(database, REQUEST, {}, kept=-1)
    put(database, replace(REQUEST, token="u"), {})
    with database.read() as connection:
        assert connection.execute(select(request_tokens.c.token)).scalars().all() == ["u"]


def test_a_resource_s_answers_expire_and_are_forgotten_and_no_others(database: Database) -> None:
    other = replace(REQUEST, token="u")
    put(database, REQUEST, {}, kept=None)
    put(database, other, {}, kept=None, resource="collection/d")
    with database.write() as connection:
        expire_answers(connection, "collection/c", milliseconds() + 60_000)
    assert answer_to(database, REQUEST) == {}
    with database.write() as connection:
        expire_answers(connection, "collection/c", milliseconds() - 1)
    assert (answer_to(database, REQUEST), answer_to(database, other)) == (None, {})
    with database.write() as connection:
        forget_answers(connection, "collection/d")
    assert answer_to(database, other) is None


def test_of_two_transactions_with_one_token_one_is_told_to_try_again(place: Place) -> None:
    """They lock nothing in common: in PostgreSQL the second sees nothing of the first before its end."""
    first, second = place.open(), place.open()
    began = threading.Event()
    failures: list[ServiceError] = []

    def follow() -> None:
        try:
            with second.write() as connection:
                began.set()
                remember(connection, REQUEST, {"n": 2}, resource="collection/d")
        except ServiceError as error:
            failures.append(error)

    thread = threading.Thread(target=follow)
    with first.write() as connection:
        remember(connection, REQUEST, {"n": 1}, resource="collection/c")
        thread.start()
        began.wait(0.5)  # where writers take turns, it has not begun
    thread.join()
    assert [type(failure) for failure in failures] == [ThrottlingException]
    assert answer_to(second, REQUEST) == {"n": 1}
