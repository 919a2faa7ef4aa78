"""Face search against the size of the gallery, beside faiss's exact index and its HNSW graph.

    python -m bench --only search [--faces 1e4 1e5] [--dimension 128] [--draw docs/search.svg]

`--draw` draws the last results of every engine, size and dimension, those of earlier runs too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import embeddings
from bench.measurement import RESULTS, Tables
from bench.plot import draw

_BYTES = 24e9  # a machine's memory, which exact vectors in float32 must fit


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=float, nargs="+", default=[1e4, 1e5, 1e6])
    parser.add_argument("--dimension", type=int, nargs="+", default=[128, 384])
    parser.add_argument("--hnsw-max", type=float, default=1e5, help="no graph is built of more faces")
    parser.add_argument("--flat-max", type=float, default=1e9, help="no exact index of more faces")
    parser.add_argument("--folder", type=Path, help="where the galleries and databases are made")
    parser.add_argument("--draw", type=Path, help="draw this plot of all results so far")


def run(chosen: argparse.Namespace) -> Tables:
    for dimension in chosen.dimension:
        for faces in map(int, chosen.faces):
            folder = Path(tempfile.mkdtemp(dir=chosen.folder, prefix="bench-"))
            try:
                title = f"{faces:,} faces of {dimension} numbers"
                yield title, _measure(folder, faces, dimension, chosen.flat_max, chosen.hnsw_max)
            finally:
                shutil.rmtree(folder)
    rows = results()
    for line in forecast(rows):
        print(line)
    if chosen.draw:
        draw(rows, chosen.draw)


def results() -> list[dict[str, Any]]:
    """The newest row of every engine, size and dimension."""
    newest = {}
    for file in sorted(RESULTS.glob("search-*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            newest[row["engine"], row["faces"], row["dimension"]] = row
    return sorted(newest.values(), key=lambda row: (row["dimension"], row["engine"], row["faces"]))


def forecast(rows: list[dict[str, Any]]) -> list[str]:
    """What larger galleries take: straight lines through the sizes of a million and more."""
    lines = []
    for dimension in sorted({row["dimension"] for row in rows}):
        large = [
            row
            for row in rows
            if row["engine"] == "regard" and row["dimension"] == dimension and row["faces"] >= 1e6
        ]
        if len(large) < 2:
            continue
        sizes = [row["faces"] for row in large]
        for faces in (30e6, 100e6):
            parts = []
            for name, unit in (
                ("search ms p50", "ms"),
                ("MB anonymous", "MB of memory"),
                ("MB snapshot", "MB mapped"),
                ("s to first answer", "s to start"),
                ("MB database", "MB of database"),
            ):
                slope, start = np.polyfit(sizes, [row[name] for row in large], 1)
                parts.append(f"{slope * faces + start:,.0f} {unit}")
            lines.append(f"{faces:,.0f} faces x {dimension}, by a fit: {', '.join(parts)}")
    return lines


def _measure(
    folder: Path, faces: int, dimension: int, flat_max: float, hnsw_max: float
) -> list[dict[str, Any]]:
    embeddings.make(folder, faces, dimension)
    rows = [_run("regard", folder)]
    restart = _run("restart", folder)
    del restart["engine"]
    rows[0] |= restart
    shutil.rmtree(folder / "data")
    if faces <= flat_max and faces * dimension * 4 < 0.8 * _BYTES:
        rows.append(_run("flat", folder))
    if faces <= hnsw_max:
        rows.append(_run("hnsw", folder))
    return rows


def _run(engine: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.search_worker", engine, str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{engine} failed:\n{finished.stderr}")
    row: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return row
