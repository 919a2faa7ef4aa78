"""Regard beside its peers, in one run and one table: `python -m bench.peers [PEER …] [OPTIONS]`.

Each item goes through Regard and through the peer before the next is begun, so that a slow moment falls on
both. Time is the processor's, one thread each. A peer has an environment of its own, which is made at its
first use.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measurement import Row, run
from bench.peers.peer import Peer, PeerProcess
from bench.peers.tasks import TASKS, Source, Task, Unmeasurable
from regard.vision.session import one_thread_each

PEERS = ("face_recognition", "deepface", "insightface", "rapidocr", "nudenet", "pyscenedetect")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)}; all unless named")
    parser.add_argument("--photos", type=Path, help="folder of photos, with boxes in labels.json if known")
    parser.add_argument("--data", type=Path, help="folder of the annotated data: texts, photos and films")
    parser.add_argument("--count", type=int, default=12, help="pictures or clips at most")
    parser.add_argument(
        "--cache", type=Path, help="folder of the peers' environments; one of temporary files"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.peers) - set(PEERS):
        parser.error(f"there is no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    one_thread_each()
    run("peers", iter([("Beside peers", _rows(chosen))]), markdown=chosen.markdown)


def _rows(chosen: argparse.Namespace) -> Iterator[Row]:
    tasks: dict[str, Task] = {}
    with TemporaryDirectory(prefix="regard-bench-") as folder:
        source = Source(chosen.photos, chosen.data, Path(folder), chosen.count)
        for name in chosen.peers or PEERS:
            peer: Peer = import_module(f"bench.peers.{name}").PEER
            if peer.absent:
                yield _unmeasured(peer, peer.absent)
                continue
            try:
                if peer.task not in tasks:
                    tasks[peer.task] = TASKS[peer.task](source)
            except Unmeasurable as why:
                yield _unmeasured(peer, str(why))
                continue
            for variant in peer.variants:
                yield compared(peer, variant, tasks[peer.task], chosen.cache)


def _unmeasured(peer: Peer, why: str) -> Row:
    return {"peer": peer.name, "task": peer.task, "found": f"not measured: {why}"}


def compared(peer: Peer, variant: str, task: Task, cache: Path | None) -> Row:
    """Medians, and the median of the ratios of each item with its quartiles."""
    process = PeerProcess(peer, variant, cache=cache)
    first = task.items[0][0]
    task.own(first)  # opens the models
    process.look(first)
    own, theirs, found, others = [], [], [], []
    for file, _ in task.items:
        seconds, finds = task.own(file)
        own.append(seconds)
        found.append(finds)
        seconds, finds = process.look(file)
        theirs.append(seconds)
        others.append(finds)
    process.close()
    truths = [truth for _, truth in task.items]
    low, middle, high = statistics.quantiles(
        [one / other for one, other in zip(own, theirs, strict=True)], n=4, method="inclusive"
    )
    return {
        "peer": f"{peer.name}, {variant}" if variant else peer.name,
        "task": peer.task,
        "items": len(task.items),
        "its CPU ms": statistics.median(theirs) * 1000,
        "Regard's": statistics.median(own) * 1000,
        "Regard takes": f"{middle:.2f} ({low:.2f}–{high:.2f})",
        "found": task.score(others, truths),
        "by Regard": task.score(found, truths),
    }


if __name__ == "__main__":
    main()
