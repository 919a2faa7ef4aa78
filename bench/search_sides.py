"""Face search beside an earlier build and faiss's indexes, in one process, query by query in turn.

    python -m bench --only search-sides --faces 1e7 [--before ../before/src] [--engines regard flat ivf]
    python -m bench --only search-sides --faces 1e7 --of faces --data DATA --cache CACHE

`--of noise` has identities at random on the sphere, `--of faces` as those of the data lie
(`face_population`). `--before` names the `src` folder of another checkout, as `git worktree add --detach`
makes one. Galleries and indexes are kept in the cache where there is one: the next run begins at once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bench import embeddings
from bench.measurement import Row, Tables
from regard.collections.face_models import FACE_MODELS

_ENGINES = ("before", "regard", "flat", "ivf", "hnsw")
_PEERS = ("flat", "ivf", "hnsw")
_PROBED = 512  # of 4,096 lists of the partitioned index
_CLIENTS = (1, 2, 8)
_MATCHES = 4096
_FEW = 8  # searches of a peer that takes long

Find = Callable[[NDArray[np.float32], int, float], NDArray[np.int64]]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=float, nargs="+", default=[1e6])
    parser.add_argument("--of", choices=("noise", "faces"), default="noise", help="how the faces lie")
    parser.add_argument("--similarity", type=float, default=99.0, help="percent, the radius of `--of faces`")
    parser.add_argument("--before", type=Path, help="`src` of another build, measured too")
    parser.add_argument("--engines", nargs="+", choices=_ENGINES, default=_ENGINES[:4])
    parser.add_argument("--rounds", type=int, default=100, help="queries of each engine, in turn")


def run(chosen: argparse.Namespace) -> Tables:
    threadpool_limits(1, user_api="blas")  # as `regard serve` does
    for count in map(int, chosen.faces):
        with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
            folder = (chosen.cache or Path(temporary)) / f"{chosen.of}{count}"
            gallery = _gallery(folder, count, chosen)
            engines = [
                _Engine(name, gallery, _open(name, folder, gallery, chosen.before))
                for name in chosen.engines
                if name != "before" or chosen.before is not None
            ]
            yield f"{count:,} faces, {chosen.of}", _measured(engines, gallery, chosen.rounds)


def _gallery(folder: Path, count: int, chosen: argparse.Namespace) -> embeddings.Gallery:
    if not (folder / "probes.npz").exists():
        folder.mkdir(parents=True, exist_ok=True)
        population, radius = None, embeddings.RADIUS
        if chosen.of == "faces":
            from bench.face_population import load_population

            population = load_population(chosen.data, chosen.cache)
            radius = FACE_MODELS["3.0"].curve.distance_at(chosen.similarity)
        embeddings.make(folder, count, 128, population, radius)
    return embeddings.load(folder)


@dataclass(eq=False)
class _Engine:
    name: str
    gallery: embeddings.Gallery
    find: Find

    def __post_init__(self) -> None:
        self.wall: dict[float, list[float]] = {}
        self.worked: dict[float, list[float]] = {}
        for probe in self.gallery.probes[:3]:
            self.find(probe, 10, self.gallery.radius)

    def time(self, probe: NDArray[np.float32], radius: float) -> None:
        started, before = time.perf_counter(), time.process_time()
        self.find(probe, 10, radius)
        self.wall.setdefault(radius, []).append(time.perf_counter() - started)
        self.worked.setdefault(radius, []).append(time.process_time() - before)

    def rate(self, clients: int, count: int) -> float:
        """Searches a second, of so many that wait for one answer after another."""
        probes = iter(np.resize(self.gallery.probes, (count, self.gallery.probes.shape[1])))
        lock = threading.Lock()

        def ask() -> None:
            while True:
                with lock:
                    probe = next(probes, None)
                if probe is None:
                    return
                self.find(probe, 10, self.gallery.radius)

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return count / (time.perf_counter() - started)


def _measured(engines: Sequence[_Engine], gallery: embeddings.Gallery, rounds: int) -> Iterator[Row]:
    order = np.arange(len(gallery.probes)).reshape(2, -1).T.reshape(-1)
    for radius in (gallery.radius, float("inf")):
        for number in np.resize(order, rounds):
            for engine in engines:
                engine.time(gallery.probes[number], radius)
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(3):
        for clients in _CLIENTS:
            for engine in engines:
                count = _FEW if engine.name in _PEERS else max(rounds // 2, _FEW)
                rates.setdefault((engine.name, clients), []).append(engine.rate(clients, count))
    first = engines[0]
    for engine in engines:
        facts: Row = {"engine": engine.name, "faces": len(gallery.vectors)}
        for name, radius in {"": gallery.radius, "no radius, ": float("inf")}.items():
            facts[f"{name}ms p50"] = 1000 * statistics.median(engine.wall[radius])
            facts[f"{name}ms fastest"] = 1000 * min(engine.wall[radius])
            facts[f"{name}CPU ms p50"] = 1000 * statistics.median(engine.worked[radius])
            paired = np.array(engine.wall[radius]) / np.array(first.wall[radius])
            facts[f"{name}of {first.name}, median of pairs"] = float(np.median(paired))
        for clients in _CLIENTS:
            facts[f"searches/s, {clients} clients"] = max(rates[engine.name, clients])
        exact = engine.name == "flat"  # what the others are compared with
        yield facts | ({} if exact else _found(engine.find, gallery)) | {"load": os.getloadavg()[0]}


def _found(find: Find, gallery: embeddings.Gallery) -> Row:
    half = len(gallery.probes) // 2
    hits, tens, wanted, found, right = [], [], 0, 0, 0
    for probe, exact, within in zip(gallery.probes, gallery.nearest, gallery.within, strict=True):
        answer = find(probe, 10, float("inf"))
        hits.append(exact[0] in answer[:1])
        tens.append(len(set(exact) & set(answer)) / len(exact))
        near = find(probe, _MATCHES, gallery.radius)
        wanted, found = wanted + min(len(within), _MATCHES), found + len(set(within) & set(near))
        right += (exact[0] in near[:1]) if len(within) else not len(near)
    return {
        "recall@1 within the radius": right / len(gallery.probes),
        "complete within the radius": found / wanted if wanted else 1.0,
        "within the radius": wanted,
        "no radius, recall@1, known": float(np.mean(hits[:half])),
        "no radius, recall@1, strangers": float(np.mean(hits[half:])),
        "no radius, recall@10": float(np.mean(tens)),
    }


def _open(name: str, folder: Path, gallery: embeddings.Gallery, before: Path | None) -> Find:
    if name in _PEERS:
        return _peer(name, folder, gallery)
    return _build_of(before if name == "before" else None, folder, gallery)


def _build_of(source: Path | None, folder: Path, gallery: embeddings.Gallery) -> Find:
    """The index of another build, whose modules are loaded beside this one's; of this build when None."""
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "regard"}
    if source is not None:
        for name in ours:
            del sys.modules[name]
        sys.path.insert(0, str(source))
    try:
        made = {
            name: import_module(f"regard.collections.{name}") for name in ("fastscan", "snapshot", "workers")
        }
    finally:
        if source is not None:
            sys.path.remove(str(source))
            for name in [name for name in sys.modules if name.partition(".")[0] == "regard"]:
                del sys.modules[name]
            sys.modules.update(ours)
    count, dimension = gallery.vectors.shape
    workers = made["workers"].Workers(2)
    store = made["snapshot"].SnapshotFolder(
        folder / "segments", made["snapshot"].Identity("bench", 1, "faces", "bench", dimension)
    )
    kept = store.load(workers)
    index: Any = made["fastscan"].FastScanIndex(
        dimension,
        workers,
        store=store,
        **({} if kept is None else {"segments": kept.segments, "newest": kept.newest}),
    )
    step = 1 << 20
    for start in range(0 if kept is None else kept.newest + 1, count, step):
        rows = np.arange(start, min(start + step, count))
        index.add(rows, np.asarray(gallery.vectors[rows[0] : rows[-1] + 1]))
    index.settle()
    index.publish()

    def find(probe: NDArray[np.float32], limit: int, radius: float) -> NDArray[np.int64]:
        found: NDArray[np.int64] = index.search(probe, limit=limit, radius=radius).rows
        return found

    return find


def _peer(name: str, folder: Path, gallery: embeddings.Gallery) -> Find:
    kept = folder / f"{name}.faiss"
    if not kept.exists():
        faiss.write_index(_built(name, gallery), str(kept))
    index = faiss.read_index(str(kept))
    if name == "hnsw":
        index.hnsw.efSearch = 64
    elif name == "ivf":
        index.k_factor = 40
        faiss.extract_index_ivf(index.base_index).nprobe = _PROBED

    def find(probe: NDArray[np.float32], limit: int, radius: float) -> NDArray[np.int64]:
        faiss.omp_set_num_threads(2)
        squared, rows = index.search(probe[None], min(limit, 100, index.ntotal))
        return np.asarray(rows[0][(squared[0] <= radius**2) & (rows[0] >= 0)])

    return find


def _built(name: str, gallery: embeddings.Gallery) -> Any:
    faiss.omp_set_num_threads(2)
    dimension = gallery.vectors.shape[1]
    index: Any
    if name == "flat":
        index = faiss.IndexFlatL2(dimension)
    elif name == "hnsw":
        index = faiss.IndexHNSWFlat(dimension, 32)
    else:
        index = faiss.index_factory(dimension, "IVF4096,PQ64x4fs,Refine(SQfp16)")
        random = np.random.default_rng(0)
        sample = np.sort(random.permutation(len(gallery.vectors))[:262_144])
        index.train(gallery.vectors[sample].astype(np.float32))
    for _, chunk in embeddings.chunks(gallery.vectors):
        index.add(chunk)
    return index
