"""The address of Regard's own API, below `/regard/v1`. Which paths there are, its model says."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from regard.api.model import Api
from regard.api.openapi import openapi
from regard.wire.endpoint import Endpoint

ROOT: Final = "/regard/v1"


def own_routes(endpoint: Endpoint, api: Api) -> list[Route]:
    """Its description, which anybody may read, and every other path, with every method, to `endpoint`."""

    @lru_cache(maxsize=1)
    def described() -> bytes:
        return json.dumps(openapi(api, version("regard")), separators=(",", ":")).encode("ascii")

    async def description(_: Request) -> Response:
        return Response(described(), media_type="application/json")

    return [
        Route(f"{ROOT}/openapi.json", description, methods=["GET"]),
        Route(f"{ROOT}/{{path:path}}", endpoint),
    ]
