"""Readers, workers and servers that are killed at any moment: no alert is lost, none is raised twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from regard.streams.events import EventKind
from tests.streams.test_live_server import Site, site  # noqa: F401  (a fixture)
from tests.waiting import wait_until

KILLS = 20


def below(pid: int) -> list[int]:
    """The processes below one, the readers of its sources among them."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text().split()):
            found += [child, *below(child)]
    return found


def kill(site: Site, which: str, moments: random.Random) -> bool:  # noqa: F811
    """Kills the server, its worker or a reader; whether there was one."""
    if which == "server":
        site.restart()
        return True
    with suppress(OSError, ValueError, IndexError):  # nothing to kill yet
        worker = site.worker()
        os.kill(worker if which == "worker" else moments.choice(below(worker)), signal.SIGKILL)
        return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_alert_is_lost_or_doubled_by_any_kill(site: Site) -> None:  # noqa: F811
    moments = random.Random(int(os.environ.get("REGARD_TEST_SEED", "0")))
    site.create("door")
    site.client.start_stream_processor(Name="door")
    for number in range(KILLS):
        time.sleep(moments.uniform(0, 4))
        which = ("server", "worker", "reader")[number % 3]
        wait_until(partial(kill, site, which, moments))
    wait_until(lambda: site.told("FACE_MATCHED"))
    records = len(site.records("door"))
    wait_until(lambda: len(site.records("door")) > records + 20)
    assert len(site.events(EventKind.FACE_MATCHED)) == 1  # one sighting: they come back every four seconds
    # Whoever is killed between a notice and the note of it tells the same event once more.
    assert len({one["eventId"] for one in site.told("FACE_MATCHED")}) == 1
    described = site.client.describe_stream_processor(Name="door")
    assert described["Status"] == "RUNNING"
    site.client.stop_stream_processor(Name="door")
    wait_until(lambda: site.status("door") == "STOPPED")
