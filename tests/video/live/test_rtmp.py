"""RTMP, as nginx serves it, and by TLS."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

from regard.video.live.samples import SourceWord
from tests.video.live.cameras import Cable, film, reader, sample, state
from tests.video.live.certificates import make_certificate, serving, trusting
from tests.waiting import wait_until

_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def _configured(folder: Path, port: int) -> Path:
    file = folder / "nginx.conf"
    file.write_text(
        f"load_module {_MODULE}; daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
        f"rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
    )
    return file


def _is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _publish(path: Path, url: str, ended: threading.Event) -> None:
    """The film at its own pace, to its end."""
    with av.open(str(path)) as source, av.open(url, "w", format="flv") as target:
        stream = source.streams.video[0]
        copied, begin = target.add_stream_from_template(stream), time.monotonic()
        for packet in source.demux(stream):
            if packet.size and not ended.is_set():
                time.sleep(max(0.0, begin + float(packet.dts * packet.time_base) - time.monotonic()))
                packet.stream = copied
                target.mux(packet)


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("nginx") and _MODULE.exists()), reason="nginx with RTMP isn't installed"
)
@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_rtmp_is_read_and_its_end_is_a_loss(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, ended = f"rtmp://127.0.0.1:{port}/live/one", threading.Event()
    command = [
        "nginx",
        "-e",
        f"{tmp_path}/errors",
        "-p",
        str(tmp_path),
        "-c",
        str(_configured(tmp_path, port)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as nginx:
        try:
            wait_until(lambda: _is_open(port))
            path = film(tmp_path / "door.mp4", frames=750)
            thread = threading.Thread(target=_publish, args=(path, url, ended))
            thread.start()
            certificate = make_certificate(tmp_path)
            with (
                Cable(port, serving(certificate) if scheme == "rtmps" else None) as cable,
                reader(f"{scheme}://127.0.0.1:{cable.port}/live/one", trust=trusting(certificate)) as live,
            ):
                steps = np.diff([sample(live).at for _ in range(5)])
                seen = live.state
                ended.set()
                thread.join()
                state(live, lambda one: one.word is SourceWord.WAITING)
        finally:
            ended.set()
            nginx.terminate()
    assert (seen.codec, seen.width) == ("h264", 320)
    assert 200 <= np.median(steps) <= 300
