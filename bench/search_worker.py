"""One engine on one gallery, in a process of its own, so that its memory is its own: prints a JSON line."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bench import embeddings
from regard.collections.bulk import BulkLoader, Embeddings
from regard.collections.changes import Space
from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore
from regard.storage.database import Database
from regard.vision.geometry import Box

_BATCH = 16_384
_FACES = 200  # enrolled one by one
_SEARCHES = 100  # timed
_FEW = 10  # of a peer that takes long
_SLOW = 3_000_000  # faces from which exact search by brute force takes long
_MOST = 4096
_WORTH_TWO = 50_000  # vectors from which a peer's second thread is a help and no burden
_NAME = "bench"

Find = Callable[[NDArray[np.float32], int, float], NDArray[np.int64]]


def main(engine: str, folder: Path) -> None:
    threadpool_limits(1, user_api="blas")  # as `regard serve` does: two threads wait for each other
    faiss.omp_set_num_threads(2)
    measure = {"regard": _regard, "restart": _restart, "flat": _flat, "hnsw": _hnsw}[engine]
    print(json.dumps({"engine": engine} | measure(folder)), flush=True)


# --- Regard: the database, the index, and what a search answers -------------------------------------


class _Process:
    def __init__(self, folder: Path, dimension: int) -> None:
        self.database = Database.open(folder)
        model = replace(FACE_MODELS["2.0"], version=_NAME, dimension=dimension)
        models = FaceModels({model.version: model})
        self.indexes = FollowedIndexes(self.database, models, folder=folder / "index")
        self.collections = CollectionStore(self.database, self.indexes)
        self.gallery = Gallery(self.database, self.indexes, max_faces=1_000_000_000)

    def find(self, probe: NDArray[np.float32], limit: int, radius: float) -> list[int]:
        collection = self.collections.get(_NAME)
        found = self.gallery.search(collection, probe, limit=limit, radius=radius)
        return [match.face.row for match in found]

    def close(self) -> None:
        self.indexes.close()
        self.database.close()


def _regard(folder: Path) -> dict[str, Any]:
    gallery = embeddings.load(folder)
    count, dimension = gallery.vectors.shape
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    process = _Process(data, dimension)
    process.collections.create(_NAME, "bench")
    collection = process.collections.get(_NAME)
    loader = BulkLoader(process.database, max_faces=1_000_000_000)
    started = time.perf_counter()
    for start in range(0, count, _BATCH):
        part = np.asarray(gallery.vectors[start : start + _BATCH])
        names = [f"{start + n:09}" for n in range(len(part))]
        loader.load(collection, Embeddings(part, external_image_ids=names))
    loaded = time.perf_counter() - started
    started = time.perf_counter()
    index = process.indexes.follow(collection, Space.FACES)
    built = time.perf_counter() - started
    anonymous, _ = _memory()
    # A face's row in the database is its place in the gallery, and one.
    facts = _searched(
        gallery,
        lambda probe, limit, radius: np.array(process.find(probe, limit, radius), np.int64) - 1,
    )
    anonymous = max(anonymous, _memory()[0])
    enrolled = _enrol_one_by_one(process, dimension)
    process.close()
    return {
        "faces": count,
        "dimension": dimension,
        "rows/s loaded": count / loaded,
        "vectors/s indexed": count / built,
        **facts,
        **enrolled,
        "indexed": len(index) - _FACES // 2,
        "MB anonymous, enrolling": anonymous,
        "MB database": (data / "regard.db").stat().st_size / 1e6,
        "MB snapshot": sum(file.stat().st_size for file in (data / "index").rglob("*")) / 1e6
        if (data / "index").exists()
        else 0.0,
    }


def _enrol_one_by_one(process: _Process, dimension: int) -> dict[str, Any]:
    """One face to a transaction, on disk when it is answered; half of them are deleted again."""
    random = np.random.default_rng(7)
    collection = process.collections.get(_NAME)
    inserts, deletes, found, gone = [], [], 0, 0
    ids, vectors = [], []
    for number in range(_FACES):
        vector = random.standard_normal(dimension).astype(np.float32)
        vector /= np.linalg.norm(vector)
        face = NewFace(Box(0.1, 0.1, 0.2, 0.2), 99.0, vector)
        started = time.perf_counter()
        [stored] = process.gallery.add(collection, [face], image_digest=f"one {number}", external_image_id="")
        inserts.append(time.perf_counter() - started)
        ids.append(stored.face_id)
        vectors.append(vector)
        if number % 10 == 0:
            found += process.find(vector, 1, 0.1) == [stored.row]
    for number in range(0, _FACES, 2):
        started = time.perf_counter()
        process.gallery.delete(collection, [ids[number]])
        deletes.append(time.perf_counter() - started)
        if number % 10 == 0:
            gone += process.find(vectors[number], 1, 0.1) == []
    return {
        "insert ms p50": _ms(inserts, 50),
        "insert ms p95": _ms(inserts, 95),
        "delete ms p50": _ms(deletes, 50),
        "found at once": found / (_FACES // 10),
        "gone at once": gone / (_FACES // 10),
    }


def _restart(folder: Path) -> dict[str, Any]:
    """From a start with what the last run left to the first answer; imports are not counted."""
    gallery = embeddings.load(folder)
    started = time.perf_counter()
    process = _Process(folder / "data", gallery.vectors.shape[1])
    first = process.find(gallery.probes[0], 10, gallery.radius)
    took = time.perf_counter() - started
    assert (gallery.nearest[0, 0] + 1) in first
    for probe in gallery.probes:
        process.find(probe, 10, gallery.radius)
    anonymous, mapped = _memory()
    process.close()
    return {"s to first answer": took, "MB anonymous": anonymous, "MB mapped": mapped}


# --- peers -------------------------------------------------------------------------------------------------


def _flat(folder: Path) -> dict[str, Any]:
    return _faiss(folder, lambda dimension: faiss.IndexFlatL2(dimension))


def _hnsw(folder: Path) -> dict[str, Any]:
    def make(dimension: int) -> Any:
        index = faiss.IndexHNSWFlat(dimension, 32)
        index.hnsw.efSearch = 64
        return index

    return _faiss(folder, make)


def _faiss(folder: Path, make: Callable[[int], Any]) -> dict[str, Any]:
    gallery = embeddings.load(folder)
    index = make(gallery.vectors.shape[1])
    if len(gallery.vectors) < _WORTH_TWO:
        faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    for _, chunk in embeddings.chunks(gallery.vectors):
        index.add(chunk)
    built = time.perf_counter() - started

    def find(probe: NDArray[np.float32], limit: int, radius: float) -> NDArray[np.int64]:
        squared, rows = index.search(probe[None], min(limit, index.ntotal))
        return np.asarray(rows[0][squared[0] <= radius**2])

    facts = _searched(gallery, find) if len(gallery.vectors) < _SLOW else _timed(gallery, find, _FEW)
    return {
        "faces": len(gallery.vectors),
        "dimension": gallery.vectors.shape[1],
        "vectors/s indexed": len(gallery.vectors) / built,
        **facts,
        "MB anonymous": _memory()[0],
    }


# --- the measures ------------------------------------------------------------------------------------------


def _searched(gallery: embeddings.Gallery, find: Find) -> dict[str, Any]:
    probes, half = gallery.probes, len(gallery.probes) // 2
    facts = _timed(gallery, find, _SEARCHES)
    answers = [find(probe, 10, float("inf")) for probe in probes]
    hits = [truth[0] in answer[:1] for truth, answer in zip(gallery.nearest, answers, strict=True)]
    facts["recall@1, known"], facts["recall@1, strangers"] = np.mean(hits[:half]), np.mean(hits[half:])
    both = [len(set(t) & set(a)) / len(t) for t, a in zip(gallery.nearest, answers, strict=True)]
    facts["recall@10"] = float(np.mean(both))
    # Within the radius: who is there is found, and nobody else.
    wanted = found = first = 0
    for probe, truth, exact in zip(probes, gallery.within, gallery.nearest, strict=True):
        answer = find(probe, _MOST, gallery.radius)
        wanted, found = wanted + len(truth), found + len(set(truth) & set(answer))
        first += (len(truth) == 0 and len(answer) == 0) or (len(answer) > 0 and answer[0] == exact[0])
    facts["recall@1 within the radius"] = first / len(probes)
    facts["complete within the radius"] = found / wanted if wanted else 1.0
    facts["within the radius"] = wanted
    return {name: float(value) for name, value in facts.items()}


def _timed(gallery: embeddings.Gallery, find: Find, count: int) -> dict[str, Any]:
    """One search at a time, and two at a time; every second probe is a stranger's."""
    order = np.arange(len(gallery.probes)).reshape(2, -1).T.reshape(-1)[:count]
    probes = gallery.probes[order]
    for probe in probes[:3]:
        find(probe, 10, gallery.radius)  # warm
    facts: dict[str, Any] = {}
    for name, radius in {"": gallery.radius, "no radius, ": float("inf")}.items():
        taken, worked = [], []  # seconds, of the wall's clock and of processors
        for probe in probes:
            started, before = time.perf_counter(), time.process_time()
            find(probe, 10, radius)
            taken.append(time.perf_counter() - started)
            worked.append(time.process_time() - before)
        facts[f"{name}search ms p50"], facts[f"{name}search ms p95"] = _ms(taken, 50), _ms(taken, 95)
        facts[f"{name}search CPU ms p50"] = _ms(worked, 50)
    facts["searches/s, 2 threads"] = _throughput(find, probes, gallery.radius)
    return facts


def _throughput(find: Find, probes: NDArray[np.float32], radius: float) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as executor:
        list(executor.map(lambda probe: find(probe, 10, radius), probes))
    return len(probes) / (time.perf_counter() - started)


def _ms(seconds: list[float], percent: int) -> float:
    return 1000 * (statistics.median(seconds) if percent == 50 else float(np.percentile(seconds, percent)))


def _memory() -> tuple[float, float]:
    """Megabytes of the process: its own, and mapped from files, which the system may take back."""
    status = Path("/proc/self/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return tuple(int(values[name].split()[0]) / 1000 for name in ("RssAnon", "RssFile"))  # type: ignore[return-value]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
