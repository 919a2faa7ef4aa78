"""`/console/liveness/try`, where one tries Face Liveness with one's camera, and the files of AWS's component.

The component and what it needs (WebAssembly, the face model) would come from AWS's content delivery network;
here the server has them, so that neither page nor browser needs a way out. `web/liveness` makes them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

PAGE_PATH: Final = "/console/liveness/try"
ASSETS_PATH: Final = "/regard/v1/liveness/assets"

_FOLDER: Final = Path(str(files("regard.wire"))) / "pages"
_MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".bin": "application/octet-stream",
    ".txt": "text/plain",
}
# For pages of other origins too, isolated ones included; a browser asks each time whether its copy is new.
_SHARED: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
_HOST: Final = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def liveness_routes(tls_port: int | None, basis: str) -> Sequence[Route]:
    """The page, its script and style, and the component's files. `tls_port`: where this server speaks TLS.
    `basis`: on what the confidence rests, a sentence or two."""
    page = (_FOLDER / "try.html").read_text("utf-8")
    page = page.replace("TLS_PORT", str(tls_port or "")).replace("BASIS", html.escape(basis))

    async def show(request: Request) -> Response:
        headers = {
            "Content-Security-Policy": _policy(request.headers.get("host", ""), tls_port),
            "Permissions-Policy": "camera=(self), microphone=()",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(page, media_type="text/html", headers=headers)

    shared = {file.name: file for file in (_FOLDER / "liveness").iterdir()}
    own = {name: _FOLDER / name for name in ("try.js", "try.css")}
    return [
        Route(PAGE_PATH, show, methods=["GET"]),
        _serve("/console/liveness/{name}", own, {"Cache-Control": "no-cache"}),
        _serve(ASSETS_PATH + "/{name}", shared, _SHARED),
    ]


def _serve(path: str, known: dict[str, Path], headers: dict[str, str]) -> Route:
    async def serve(request: Request) -> Response:
        file = known.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("There is no such file.\n", status_code=404)
        return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix], headers=headers)

    return Route(path, serve, methods=["GET"])


def _policy(host: str, tls_port: int | None) -> str:
    """What the page may load and reach: this server alone, as the browser calls it, by TLS too.

    WebAssembly is compiled in the page. The component styles its elements one by one, and draws its pictures
    as data.
    """
    found = _HOST.fullmatch(host)
    places = ["'self'"]
    if found is not None:
        places.append(f"wss://{found[0]}")
        if tls_port is not None:
            places += [f"https://{found[1]}:{tls_port}", f"wss://{found[1]}:{tls_port}"]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            f"connect-src {' '.join(places)}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
