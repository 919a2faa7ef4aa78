"""The same requests without a server, for `bench.load`: an order a line in, what it took as JSON out.

Started with a data folder and a folder of pictures. Requests go through the gate, with their audit records,
in as many threads as the order says; there is no HTTP, no signature, no JSON and no Base64.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.load_messages import COLLECTION, OPERATIONS, parameters, pictures_in
from regard.api.model import REKOGNITION
from regard.app import build
from regard.caller import LOCAL
from regard.settings import Settings


def main(data: str, folder: str) -> None:
    parts = build(Settings.load({}, data=Path(data)))
    served, pictures = parts.apis[REKOGNITION], pictures_in(Path(folder))
    served.call("create_collection", {"CollectionId": COLLECTION}, LOCAL)
    turns = itertools.cycle(pictures)

    def one(operation: str) -> None:
        served.call(OPERATIONS[operation], parameters(operation, next(turns)), LOCAL)

    for line in sys.stdin:
        order = json.loads(line)
        wall, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(order["threads"]) as executor:
            list(executor.map(one, [order["operation"]] * order["requests"]))
        taken = {"seconds": time.perf_counter() - wall, "CPU": time.process_time() - used}
        print(json.dumps(taken), flush=True)
    parts.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
