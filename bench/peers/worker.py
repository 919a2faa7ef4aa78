"""Runs inside a peer's environment: a path a line in; seconds of processor time and what was found out.

Its arguments are the peer's module and the options of its `open_peer`. Only the examination is timed, not the
loading.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module


def main(module: str, options: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what a peer prints is not an answer
    load, examine = import_module(f"bench.peers.{module}").open_peer(**json.loads(options))
    for line in sys.stdin:
        item = load(line.rstrip("\n"))
        started = time.process_time()
        found = examine(item)
        seconds = time.process_time() - started
        print(json.dumps({"seconds": seconds, "found": found}, default=float), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
