"""A server that is there for each module, with a key of a site."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import uvicorn
from structlog.testing import capture_logs

from regard.app import asgi, build
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.wire.browser_websockets import BrowserWebSocket
from regard.wire.eventstream import FRAME_BYTES
from tests.reddish import DESCRIPTION, network
from tests.waiting import wait_until
from tests.wire.liveness.site import Site


@pytest.fixture(scope="module")
def running(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("liveness")
    (folder / "results").mkdir()
    network(folder / "reddish.onnx")
    recapture = folder / "recapture.toml"
    recapture.write_text(DESCRIPTION)  # without a card: it is noted and moves nothing
    buckets = {"buckets": f"results={folder / 'results'}", "output_buckets": "results"}
    built = build(
        Settings.load({}, data=folder / "data", liveness_streams=3, liveness_recapture=recapture, **buckets)
    )
    with capture_logs(), socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            asgi(built),
            ws=BrowserWebSocket,
            ws_max_size=FRAME_BYTES,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
        )
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: serving.started)
        yield Site(built, listener.getsockname()[1], built.keys.create("site", "operator"))
        serving.should_exit = True
        thread.join()
    built.close()


@pytest.fixture
def server(running: Site) -> Iterator[Site]:
    with ExitStack() as opened:
        yield replace(running, opened=opened)
