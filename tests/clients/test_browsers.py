"""Web pages call Regard from a real browser, where the origin they come from is allowed, and nowhere else."""

from __future__ import annotations

import http.client
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Server, start_server, stop_server
from tests.waiting import PATIENCE

from regard.packs.install import InstalledPack

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGE = b'<!doctype html><title>Regard</title><script type="module" src="/page.js"></script>'
EXPOSED = {"x-amzn-requestid", "x-amzn-errortype", "date"}


class Site(ThreadingHTTPServer):
    """A web site, which serves `files` by path and keeps what its page tells it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[str, bytes]] = {"/": ("text/html", PAGE)}
        self.results: queue.Queue[Any] = queue.Queue()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        media_type, content = self.server.files.get(self.path, ("text/plain", b""))
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.server.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield site
        site.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(
    installed_pack: InstalledPack, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that pages of the site may call."""
    data = tmp_path_factory.mktemp("server") / "data"
    started = start_server(data, environment={"REGARD_ORIGINS": f"https://app.example.org,{site.origin}"})
    started.client().create_collection(CollectionId="people")
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def page(site: Site, server: Server, portrait: Path, javascript: Path) -> None:
    """The site's page, with the SDK in one file as browsers need it."""
    command = ["npx", "esbuild", "page.mjs", "--bundle", "--format=esm"]
    done = subprocess.run(command, cwd=javascript, capture_output=True, timeout=PATIENCE, check=True)
    credentials = {"accessKeyId": server.key_id, "secretAccessKey": server.secret}
    told = {"endpoint": server.endpoint, "credentials": credentials}
    site.files |= {
        "/page.js": ("text/javascript", done.stdout),
        "/picture.jpg": ("image/jpeg", portrait.read_bytes()),
        "/told": ("application/json", json.dumps(told).encode()),
    }


@contextmanager
def browser(url: str, profile: Path) -> Iterator[None]:
    """Meanwhile a browser without a window shows the page."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed; Debian's package is `chromium`")
    options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # which Chromium has for other users than root alone
    process = subprocess.Popen(
        [program, *options, f"--user-data-dir={profile}", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_page_of_an_allowed_origin_calls_and_reads_errors(site: Site, page: None, tmp_path: Path) -> None:
    with browser(site.origin, tmp_path):
        result = site.results.get(timeout=PATIENCE)
    assert "failed" not in result, result
    assert result["collections"] == ["people"]
    assert result["faces"] == 1
    missing = result["missing"]
    assert (missing["name"], missing["modelled"]) == ("ResourceNotFoundException", True)
    assert missing["header"] == "ResourceNotFoundException"
    assert uuid.UUID(missing["requestId"])
    assert result["ahead"] == 2
    assert result["elsewhere"] == [404, "UnknownOperationException"]


def test_a_page_of_another_origin_reads_nothing(site: Site, page: None, tmp_path: Path) -> None:
    with browser(site.origin.replace("127.0.0.1", "localhost"), tmp_path):
        result = site.results.get(timeout=PATIENCE)
    assert result == {"failed": "TypeError: Failed to fetch"}


def ask(server: Server, method: str, path: str, origin: str | None, **headers: str) -> Any:
    """An answer to what no key has signed; its body is in `text`."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named | ({} if origin is None else {"Origin": origin}))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def preflight(server: Server, path: str, origin: str, method: str = "POST") -> Any:
    return ask(
        server,
        "OPTIONS",
        path,
        origin,
        Access_Control_Request_Method=method,
        Access_Control_Request_Headers="authorization,content-type,x-amz-date,x-amz-target,x-any",
    )


@pytest.mark.parametrize(("path", "method"), [("/", "POST"), ("/regard/v1/jobs", "GET")])
def test_a_preflight_allows_what_the_sdks_send(server: Server, site: Site, path: str, method: str) -> None:
    answer = preflight(server, path, site.origin, method)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == site.origin
    assert method in answer.headers["Access-Control-Allow-Methods"]
    assert "x-amz-target,x-any" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_preflight_of_another_origin_allows_nothing(server: Server) -> None:
    answer = preflight(server, "/", "https://elsewhere.example.org")
    assert answer.status == 400
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/", 400), ("GET", "/regard/v1/jobs", 400), ("GET", "/elsewhere", 404)],
)
def test_errors_are_readable_too(server: Server, site: Site, method: str, path: str, status: int) -> None:
    answer = ask(server, method, path, site.origin)
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == site.origin
    assert {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")} == EXPOSED
    assert {name.lower() for name in answer.headers} >= EXPOSED
    assert "Origin" in answer.headers["Vary"]
