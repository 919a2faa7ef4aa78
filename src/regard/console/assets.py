"""Style, scripts and icons: what is in the repository is what is served, with its hash in the address."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webp": "image/webp",
}
_ROOT: Final = "/console/static"
_YEAR: Final = 31_536_000


def asset_path(name: str) -> str:
    """The address of a file, which changes whenever any file does. Raises KeyError."""
    if name not in _contents():
        raise KeyError(name)
    return f"{_ROOT}/{_digest()}/{name}"


def asset_routes() -> list[Route]:
    """The files; each may be kept for a year under the address that it has now."""
    packed = {name: gzip.compress(content, 9, mtime=0) for name, content in _contents().items()}

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        content = _contents().get(name)
        if content is None:
            return PlainTextResponse("There is no such file.\n", status_code=404)
        is_current = request.path_params["digest"] == _digest()
        headers = {
            "Cache-Control": f"public, max-age={_YEAR}, immutable" if is_current else "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = packed[name], "gzip"
        kind = _MEDIA_TYPES["." + name.rpartition(".")[2]]
        return Response(content, media_type=kind, headers=headers)

    return [Route(f"{_ROOT}/{{digest}}/{{name}}", serve, methods=["GET"])]


@cache
def _contents() -> Mapping[str, bytes]:
    folder = files("regard.console") / "static"
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name: file.read_bytes() for file in found if file.is_file()}


@cache
def _digest() -> str:
    whole = hashlib.sha256()
    for name, content in _contents().items():
        whole.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()[:16]
