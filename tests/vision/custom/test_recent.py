"""Features are read once for a while, for whoever asked, and are gone without anybody asking again."""

from __future__ import annotations

import time

import numpy as np
import pytest

from regard.vision.custom.recent import RecentFeatures, SizedFeatures
from tests.waiting import PATIENCE

KEY = ("alice", "network", "picture")


class Network:
    def __init__(self) -> None:
        self.runs = 0

    def read(self) -> SizedFeatures:
        self.runs += 1
        return known(250)  # a thousand bytes


def known(count: int) -> SizedFeatures:
    return SizedFeatures(np.zeros(count, np.float32), 640, 480)


def test_a_picture_is_read_once_for_one_key_and_one_network() -> None:
    recent, network = RecentFeatures(seconds=PATIENCE), Network()
    assert recent.get(KEY, network.read) is recent.get(KEY, network.read)
    assert network.runs == 1
    for other in (("bob", *KEY[1:]), (KEY[0], "other", KEY[2]), (*KEY[:2], "other")):
        recent.get(other, network.read)
    assert network.runs == 4


def test_features_are_erased_by_themselves() -> None:
    recent, network = RecentFeatures(seconds=0.05), Network()
    recent.get(KEY, network.read)
    recent.get(("bob", *KEY[1:]), network.read)
    deadline = time.monotonic() + PATIENCE
    while len(recent):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    recent.get(KEY, network.read)
    assert network.runs == 3


def test_the_oldest_make_room_and_what_is_too_large_is_not_kept() -> None:
    recent, network = RecentFeatures(seconds=PATIENCE, limit=2500), Network()
    for picture in "abc":
        recent.get((*KEY[:2], picture), network.read)
    assert len(recent) == 2
    recent.get((*KEY[:2], "c"), network.read)
    assert network.runs == 3
    recent.get(KEY, lambda: known(1000))
    assert len(recent) == 0


def test_what_could_not_be_read_is_read_again() -> None:
    recent, network = RecentFeatures(seconds=PATIENCE), Network()

    def failing() -> SizedFeatures:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        recent.get(KEY, failing)
    recent.get(KEY, network.read)
    assert network.runs == 1
