"""What waits together is worked on together, and a lone caller waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from regard.collections.batches import Batches

PATIENCE = 10


class Doubling:
    """Doubles numbers, and the first batch only once it may."""

    def __init__(self, largest: int = 16) -> None:
        self.batches: list[list[int]] = []
        self.threads: list[threading.Thread] = []
        self.began, self.may = threading.Event(), threading.Event()
        self.together = Batches(self.work, largest)

    def work(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.threads.append(threading.current_thread())
        self.began.set()
        assert self.may.wait(PATIENCE)
        if 13 in items:
            raise ZeroDivisionError
        return [2 * item for item in items]

    def ask(self, pool: ThreadPoolExecutor, items: Sequence[int]) -> list[Future[int]]:
        """The first is worked on when the others come, one after another."""
        asked = [pool.submit(self.together, items[0])]
        assert self.began.wait(PATIENCE)
        for number, item in enumerate(items[1:], 1):
            asked.append(pool.submit(self.together, item))
            while len(self.together._waiting) < number:
                threading.Event().wait(0.001)
        self.may.set()
        return asked


def test_a_lone_item_is_worked_on_at_once_in_its_callers_thread() -> None:
    doubling = Doubling()
    doubling.may.set()
    assert [doubling.together(4), doubling.together(5)] == [8, 10]
    assert doubling.batches == [[4], [5]]
    assert set(doubling.threads) == {threading.current_thread()}


def test_what_comes_while_one_is_worked_on_is_the_next_batch() -> None:
    doubling = Doubling()
    with ThreadPoolExecutor(6) as pool:
        asked = doubling.ask(pool, [1, 2, 3, 4, 5])
        assert [one.result(PATIENCE) for one in asked] == [2, 4, 6, 8, 10]
    assert doubling.batches == [[1], [2, 3, 4, 5]]


def test_a_batch_is_no_larger_than_it_may_be() -> None:
    doubling = Doubling(largest=2)
    with ThreadPoolExecutor(6) as pool:
        asked = doubling.ask(pool, [1, 2, 3, 4])
        assert [one.result(PATIENCE) for one in asked] == [2, 4, 6, 8]
    assert doubling.batches == [[1], [2, 3], [4]]


def test_an_error_reaches_all_of_its_batch_and_nobody_after_it() -> None:
    doubling = Doubling(largest=2)
    with ThreadPoolExecutor(6) as pool:
        asked = doubling.ask(pool, [1, 2, 13, 4])
        assert [type(one.exception(PATIENCE)) for one in asked] == [
            type(None),
            ZeroDivisionError,
            ZeroDivisionError,
            type(None),
        ]
    with pytest.raises(ZeroDivisionError):
        doubling.together(13)
    assert doubling.together(1) == 2
