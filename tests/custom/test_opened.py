"""Models are opened once, and one that takes its time keeps nobody from another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.waiting import PATIENCE

from regard.custom.opened import OpenedModels


class Files:
    """Files of models; `slow` is read when `may_go` is set."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.begun, self.may_go = threading.Event(), threading.Event()

    def content(self, digest: str) -> bytes:
        self.read.append(digest)
        if digest == "slow":
            self.begun.set()
            assert self.may_go.wait(PATIENCE)
        return digest.encode()


def test_whoever_asks_for_another_model_does_not_wait_for_one_that_is_opened() -> None:
    files = Files()
    opened = OpenedModels(files.content, bytes.decode)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(opened.get, "slow")
        assert files.begun.wait(PATIENCE)
        assert threads.submit(opened.get, "fast").result(PATIENCE) == "fast"
        assert not waiting.done()
        files.may_go.set()
        assert waiting.result(PATIENCE) == "slow"


def test_a_model_that_many_ask_for_at_once_is_opened_once() -> None:
    files = Files()
    opened = OpenedModels(files.content, bytes.decode)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(opened.get, "slow") for _ in range(4)]
        assert files.begun.wait(PATIENCE)
        files.may_go.set()
        assert [one.result(PATIENCE) for one in waiting] == ["slow"] * 4
    assert files.read == ["slow"]


def test_a_model_that_could_not_be_opened_is_tried_again() -> None:
    files = Files()

    def fail_once(content: bytes) -> str:
        if len(files.read) == 1:
            raise OSError("damaged")
        return content.decode()

    opened = OpenedModels(files.content, fail_once)
    with pytest.raises(OSError, match="damaged"):
        opened.get("one")
    assert opened.get("one") == "one"


def test_the_least_used_are_closed() -> None:
    files = Files()
    opened = OpenedModels(files.content, bytes.decode, limit=2)
    for digest in "abab":
        opened.get(digest)
    opened.get("c")
    opened.get("b")
    assert files.read == ["a", "b", "c"]
    opened.get("a")
    assert files.read == ["a", "b", "c", "a"]
