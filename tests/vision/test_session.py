"""Networks are opened when they are needed, once, and run from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.session import SessionPool


def test_an_unknown_network_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SessionPool({}).run("nothing", {})


def test_nothing_is_read_before_it_is_run(tmp_path: Path) -> None:
    assert "missing" in SessionPool({"missing": tmp_path / "missing.onnx"})


def test_threads_share_a_network(installed_pack: InstalledPack) -> None:
    pool = SessionPool(installed_pack.paths())
    pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    expected = pool.run("mtcnn-onet", {"input": pixels})[0]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: pool.run("mtcnn-onet", {"input": pixels})[0], range(32)))
    assert all(np.array_equal(answer, expected) for answer in answers)
