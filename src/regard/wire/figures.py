"""`/metrics`: figures for Prometheus, for whoever has the token that the owner chose."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from regard.governance.proof.seals import Seals
from regard.metering.usage import UsageStore
from regard.wire.measured_server import MeasuredServer

_SCHEME = "bearer"


def figures_routes(token: str, server: MeasuredServer, usage: UsageStore, seals: Seals) -> list[Route]:
    """The route of figures; none where there is no token: nobody reads them by default."""
    if not token:
        return []
    # Only who has them read pays for Prometheus's client.
    from regard.metering.exposition import Exposition
    from regard.wire.process_figures import ProcessFigures
    from regard.wire.work_figures import WorkFigures

    more = (WorkFigures(server.database, seals), ProcessFigures(server))
    return [figures_route(token, Exposition(server.database, usage, more).text)]


def figures_route(token: str, text: Callable[[], bytes]) -> Route:
    """The route, to whoever shows `token`."""
    from prometheus_client import CONTENT_TYPE_LATEST

    async def figures(request: Request) -> Response:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode(), token.encode())
        if scheme.lower() != _SCHEME or not right:
            return PlainTextResponse(
                "Send the token of REGARD_METRICS_TOKEN as a bearer.\n",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        return Response(await asyncio.to_thread(text), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", figures, methods=["GET"])
