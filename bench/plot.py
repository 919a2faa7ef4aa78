"""The plot of docs/speed.md: latency and memory of search against the size of the gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_NAMES = {"regard": "Regard", "flat": "exact (faiss Flat)", "hnsw": "HNSW (faiss)"}
_COLOURS = {"regard": "#0b6e4f", "flat": "#888888", "hnsw": "#c8553d"}
_STYLES = {128: "-", 384: "--"}


def draw(rows: list[dict[str, Any]], file: Path) -> None:
    """`rows` are those of `bench.search`."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "regard"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, name, label in (
        (axes[0], "search ms p50", "median search, ms"),
        (axes[1], "MB anonymous", "memory of its own, MB"),
    ):
        for engine in _NAMES:
            for dimension, style in _STYLES.items():
                some = [row for row in rows if (row["engine"], row["dimension"]) == (engine, dimension)]
                if some:
                    axis.loglog(
                        [row["faces"] for row in some],
                        [row[name] for row in some],
                        style,
                        marker="o",
                        markersize=3.5,
                        color=_COLOURS[engine],
                        label=f"{_NAMES[engine]}, {dimension}-d",
                    )
        axis.set_xlabel("faces in the collection")
        axis.set_ylabel(label)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(fontsize=7, frameon=False, handlelength=4)
    figure.savefig(file, metadata={"Date": None})
