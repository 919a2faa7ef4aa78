"""Every Index behaves as a list of vectors would that is searched from end to end."""

from __future__ import annotations

import atexit
import functools
import tempfile
import threading
import uuid

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.memory import MemoryIndex
from regard.collections.milvus import MilvusEngine, MilvusIndex
from regard.collections.workers import Workers

DIMENSION = 8
WORKERS = Workers(2)


def fastscan(dimension: int) -> FastScanIndex:
    """So small that a few dozen vectors make segments, and that those are merged."""
    return FastScanIndex(dimension, WORKERS, sizes=Sizes(tail=8, segment=64, fan=2))


def milvus(dimension: int) -> MilvusIndex:
    """On Milvus Lite, in a collection of its own."""
    pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed: pip install 'regard[dev]'")
    engine = milvus_lite()
    [*old] = engine.names("contract_")
    for name in old:
        engine.drop(name)
    name = f"contract_{uuid.uuid4().hex}"
    engine.create(name, dimension)
    return MilvusIndex(engine, name, dimension)


@functools.cache
def milvus_lite() -> MilvusEngine:
    folder = tempfile.TemporaryDirectory(prefix="regard-milvus-")
    engine = MilvusEngine(f"{folder.name}/contract.db")
    atexit.register(lambda: (engine.close(), folder.cleanup()))
    return engine


IMPLEMENTATIONS = {"memory": MemoryIndex, "fastscan": fastscan, "milvus": milvus}
EXAMPLES = {"milvus": 15}  # each call is one of a network's

vectors = st.lists(st.floats(-2, 2, width=16), min_size=DIMENSION, max_size=DIMENSION).map(
    lambda values: np.array(values, np.float16)
)


class IndexAgainstBruteForce(RuleBasedStateMachine):
    make = staticmethod(MemoryIndex)

    def __init__(self) -> None:
        super().__init__()
        self.index = self.make(DIMENSION)
        self.model: dict[int, np.ndarray] = {}
        self.next_row = 1

    @rule(added=st.lists(vectors, min_size=1, max_size=40))
    def add(self, added: list[np.ndarray]) -> None:
        rows = np.arange(self.next_row, self.next_row + len(added))
        self.next_row += len(added)
        self.index.add(rows, np.stack(added))
        self.model.update(zip(rows.tolist(), added, strict=True))

    @rule(vector=vectors, data=st.data())
    def add_again(self, vector: np.ndarray, data: st.DataObject) -> None:
        if self.model:
            row = data.draw(st.sampled_from(sorted(self.model)))
            self.index.add(np.array([row]), vector[None])  # a row that is there stays as it was

    @rule(data=st.data(), unknown=st.integers(10_000, 20_000))
    def remove(self, data: st.DataObject, unknown: int) -> None:
        rows = data.draw(st.lists(st.sampled_from(sorted(self.model)), unique=True)) if self.model else []
        self.index.remove(np.array([*rows, unknown], np.int64))
        for row in rows:
            del self.model[row]

    @rule(query=vectors, limit=st.integers(1, 60), radius=st.floats(0, 8) | st.just(float("inf")))
    def search(self, query: np.ndarray, limit: int, radius: float) -> None:
        self.compare(query, limit, radius)

    @rule(data=st.data())
    def search_one_of_its_own(self, data: st.DataObject) -> None:
        if self.model:
            row = data.draw(st.sampled_from(sorted(self.model)))
            found = self.index.search(self.model[row], limit=len(self.model), radius=0.0)
            assert row in found.rows

    def compare(self, query: np.ndarray, limit: int, radius: float) -> None:
        exact = {
            row: float(np.linalg.norm(vector.astype(np.float32) - query))
            for row, vector in self.model.items()
        }
        found = self.index.search(query, limit=limit, radius=radius)
        distances = found.distances.tolist()
        assert distances == sorted(distances)
        assert len(set(found.rows.tolist())) == len(found.rows)
        for row, distance in zip(found.rows.tolist(), distances, strict=True):
            assert distance == pytest.approx(exact[row], abs=1e-5)
            assert distance <= radius
        within = sorted(distance for distance in exact.values() if distance <= radius - 1e-5)
        assert len(distances) >= min(limit, len(within))
        assert distances[: len(within)] == pytest.approx(within[:limit], abs=1e-5)

    @invariant()
    def counts_what_it_holds(self) -> None:
        assert len(self.index) == len(self.model)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_every_index_agrees_with_brute_force(name: str) -> None:
    machine = type("Machine", (IndexAgainstBruteForce,), {"make": staticmethod(IMPLEMENTATIONS[name])})
    test = machine.TestCase
    test.settings = settings(
        max_examples=EXAMPLES.get(name, 60),
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    test().runTest()


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_searching_while_others_add_and_remove_finds_what_stays(name: str) -> None:
    random = np.random.default_rng(1)
    index = IMPLEMENTATIONS[name](DIMENSION)
    lasting = random.normal(size=(50, DIMENSION)).astype(np.float16)
    index.add(np.arange(50), lasting)
    stop = threading.Event()

    def churn() -> None:
        row = 1000
        while not stop.is_set():
            rows = np.arange(row, row + 100)
            index.add(rows, random.normal(size=(100, DIMENSION)).astype(np.float16))
            index.remove(rows)
            row += 100

    worker = threading.Thread(target=churn)
    worker.start()
    try:
        for _ in range(200):
            for row in (0, 49):
                assert row in index.search(lasting[row], limit=3, radius=0.01).rows
    finally:
        stop.set()
        worker.join()
