"""What is past its time is taken away, by one server at a time, whatever fails."""

from __future__ import annotations

import threading

from tests.postgres import Place
from tests.waiting import PATIENCE

from regard.governance.upkeep import Task, Upkeep
from regard.storage.clock import milliseconds


def test_a_task_is_given_the_time(place: Place) -> None:
    times: list[int] = []
    before = milliseconds()
    assert Upkeep(place.open(), [Task("one", times.append)]).run_due()
    assert before <= times[0] <= milliseconds()


def test_a_task_that_fails_keeps_no_other_from_being_run(place: Place) -> None:
    done: list[int] = []
    tasks = [Task("broken", lambda _: 1 // 0), Task("whole", done.append)]
    assert not Upkeep(place.open(), tasks).run_due()
    assert len(done) == 1


def test_a_round_that_failed_is_tried_again_sooner(place: Place) -> None:
    tried, again = [], threading.Event()

    def fail_once(_: int) -> None:
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("the first time")
        again.set()

    upkeep = Upkeep(place.open(), [Task("one", fail_once)], seconds=3600, seconds_after_failure=0.01)
    upkeep.keep_level()
    try:
        assert again.wait(PATIENCE)
    finally:
        upkeep.close()


def test_two_servers_never_run_a_task_at_once(place: Place) -> None:
    running, together = threading.Semaphore(1), []

    def run(_: int) -> None:
        if not running.acquire(blocking=False):
            together.append(1)
            return
        threading.Event().wait(0.05)
        running.release()

    servers = [Upkeep(place.open(), [Task("one", run)]) for _ in range(2)]
    threads = [threading.Thread(target=server.run_due) for server in servers for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together
