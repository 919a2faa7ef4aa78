"""Turns on the cores."""

from __future__ import annotations

import threading
import time

from regard.streams.turns import CoreShare, Turns
from tests.waiting import wait_until


def order_of(shares: dict[str, CoreShare]) -> list[str]:
    """In which order those who wait for the only core get it."""
    turns, got = Turns(1), list[str]()

    def take(name: str) -> None:
        with turns.turn(shares[name]):
            got.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in shares]
    with turns.turn(CoreShare()):
        for thread in threads:
            thread.start()
        wait_until(lambda: len(turns._waiting) == len(shares))
    for thread in threads:
        thread.join()
    return got


def test_who_has_used_less_is_first() -> None:
    assert order_of({"much": CoreShare(used=2.0), "little": CoreShare(used=0.5)}) == ["little", "much"]


def test_who_waits_longer_than_the_floor_allows_is_first_of_all() -> None:
    late = CoreShare(used=9.0, last=time.monotonic() - 1)
    assert order_of({"little": CoreShare(used=0.1), "late": late}) == ["late", "little"]


def test_who_has_somebody_undecided_is_before_who_has_used_less() -> None:
    urgent = CoreShare(used=3.0, is_urgent=True)
    assert order_of({"little": CoreShare(used=0.1), "urgent": urgent}) == ["urgent", "little"]


def test_no_more_have_a_turn_than_there_are_cores() -> None:
    turns, lock, at_once, highest = Turns(2), threading.Lock(), 0, 0

    def take() -> None:
        nonlocal at_once, highest
        share = CoreShare()
        for _ in range(20):
            with turns.turn(share):
                with lock:
                    at_once += 1
                    highest = max(highest, at_once)
                time.sleep(0.001)
                with lock:
                    at_once -= 1

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert highest == 2
