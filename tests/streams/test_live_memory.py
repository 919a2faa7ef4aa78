"""What live video takes of memory: nothing of a picture is left once it was examined."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from regard.vision.pixels import Copies, Pixels
from tests.streams.cameras import walking_samples
from tests.streams.conftest import Lobby


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Iterator[weakref.WeakSet[Copies]]:
    """The pictures in memory that were examined, while Python's garbage collection waits."""
    alive: weakref.WeakSet[Copies] = weakref.WeakSet()
    begin = Copies.__init__

    def noted(self: Copies, pixels: Pixels) -> None:
        begin(self, pixels)
        alive.add(self)

    monkeypatch.setattr(Copies, "__init__", noted)
    gc.disable()
    yield alive
    gc.enable()


def test_a_picture_leaves_memory_once_it_was_examined_searched_for_and_alerted_of(
    lobby: Lobby, pictures: weakref.WeakSet[Copies]
) -> None:
    """It waits for no garbage collection, which comes once in some hundred pictures: until then a stream
    worker would grow, and what it then leaves in pieces would keep it large.
    """
    running = lobby.parts.gate.begin(lobby.lease.processor)
    alerts = 0
    for sample in walking_samples(5):
        step = running.take(sample)
        alerts += len([lobby.keep(one) for one in step.raised])
        del step
        assert len(pictures) == 0
    assert alerts == 1
    running.end()
