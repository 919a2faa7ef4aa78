"""Runs every measurement: tables for people, JSON lines in bench/results for machines."""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import analysis, attributes, enrolment, faces, images, memory, overhead, video

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="more photos and repetitions")
    parser.add_argument(
        "--photos", type=Path, help="folder of photos, with boxes in labels.json if it has them"
    )
    parser.add_argument("--videos", type=Path, nargs="+", help="videos, in place of one that is made")
    names = ("faces", "attributes", "images", "analysis", "memory", "overhead", "enrolment", "video")
    parser.add_argument("--only", choices=names)
    chosen = parser.parse_args()
    measurements = {
        "faces": lambda: faces.measure(chosen.photos, full=chosen.full),
        "attributes": lambda: attributes.measure(full=chosen.full),
        "images": lambda: images.measure(chosen.photos, full=chosen.full),
        "analysis": lambda: analysis.measure(chosen.photos, full=chosen.full),
        "memory": lambda: memory.measure(full=chosen.full),
        "overhead": lambda: overhead.measure(full=chosen.full),
        "enrolment": lambda: enrolment.measure(chosen.photos, full=chosen.full),
        "video": lambda: video.measure(chosen.videos, full=chosen.full),
    }
    console = Console(highlight=False)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    for name, measure in measurements.items():
        if chosen.only not in (None, name):
            continue
        rows = measure()
        table = Table(*rows[0], title=name)
        for row in rows:
            table.add_row(
                *(f"{value:,.2f}" if isinstance(value, float) else str(value) for value in row.values())
            )
        console.print(table)
        with file.open("a") as out:
            for row in rows:
                facts = {"bench": name, "machine": platform.machine(), "python": platform.python_version()}
                out.write(json.dumps(facts | row) + "\n")
    console.print(f"JSON lines: {file}")


main()
