"""The same requests without a server, for `bench.load`: an order a line in, what it took as JSON out.

Started with a data folder and a folder of pictures. Requests go through the gate, with their audit records,
in as many threads as the order says; there is no HTTP, no signature, no JSON and no Base64. An order of
`refused` is different: so many signed requests come to an endpoint whose places are all taken.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

from botocore.credentials import Credentials

from bench.load_messages import COLLECTION, OPERATIONS, parameters, pictures_in
from bench.wire_worker import answer, signed
from regard import logs
from regard.api.model import REKOGNITION
from regard.app import Parts, build
from regard.caller import LOCAL
from regard.settings import Settings
from regard.wire.endpoint import Endpoint
from regard.wire.lanes import Lanes
from regard.wire.signing_keys import SigningKeys


def main(data: str, folder: str) -> None:
    parts = build(Settings.load({}, data=Path(data)))
    served, pictures = parts.apis[REKOGNITION], pictures_in(Path(folder))
    served.call("create_collection", {"CollectionId": COLLECTION}, LOCAL)
    turns = itertools.cycle(pictures)

    def one(operation: str) -> None:
        served.call(OPERATIONS[operation], parameters(operation, next(turns)), LOCAL)

    for line in sys.stdin:
        order = json.loads(line)
        if "refused" in order:
            print(json.dumps({"CPU": refused(parts, pictures[0], order["refused"])}), flush=True)
            continue
        wall, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(order["threads"]) as executor:
            list(executor.map(one, [order["operation"]] * order["requests"]))
        taken = {"seconds": time.perf_counter() - wall, "CPU": time.process_time() - used}
        print(json.dumps(taken), flush=True)
    parts.close()


def refused(parts: Parts, picture: bytes, count: int) -> float:
    """Seconds of processor time that so many refusals take."""
    logs.configure()
    settings = replace(parts.settings, queue=1)
    lanes, stores = Lanes.of(settings), parts.stores
    lanes.pictures.queue.take()
    keys = SigningKeys(parts.keys, stores.accountability.sessions, stores.liveness_credentials)
    endpoint = Endpoint(parts.apis[REKOGNITION], keys, settings, lanes)
    request = {"Image": {"Bytes": base64.b64encode(picture).decode()}}
    messages = [signed(Credentials("AKIA", "secret"), "DetectFaces", request)] * count
    used = time.process_time()
    with redirect_stdout(io.StringIO()):  # the log
        asyncio.run(answer(endpoint, messages))
    return time.process_time() - used


if __name__ == "__main__":
    main(*sys.argv[1:])
