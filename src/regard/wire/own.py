"""The address of Regard's own API, below `/regard/v1`. Which paths there are, its model says."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from regard.wire.endpoint import Endpoint

ROOT: Final = "/regard/v1"


def own_routes(endpoint: Endpoint) -> list[Route]:
    """Every path and every method, to the endpoint of the API."""
    return [Route(f"{ROOT}/{{path:path}}", endpoint)]
