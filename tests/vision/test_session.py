"""Networks are opened when they are needed, once, and run from any thread."""

from __future__ import annotations

import os
import subprocess
import sys
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


_OPENS = """
import sys, numpy
from pathlib import Path
from regard.vision.session import SessionPool
pixels = numpy.zeros((1, 48, 48, 3), numpy.uint8)
print(len(SessionPool({"network": Path(sys.argv[1])}).run("network", {"input": pixels})))
"""


def test_the_runtime_keeps_nothing_to_report_to_its_maker(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    network = installed_pack.path("mtcnn-onet")
    command = [sys.executable, "-c", _OPENS, str(network)]
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, env=environment | homes, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0
    assert [str(file) for file in tmp_path.rglob("*") if file.is_file()] == []
