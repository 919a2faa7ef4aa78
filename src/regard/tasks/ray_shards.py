"""Shards of galleries as actors of a Ray cluster, which all servers of one database share.

Actors are named by the database, the version of Regard and how many there are, so that whoever asks first
makes them, and servers of two versions never share one. One that is lost Ray starts anew; it reads its
snapshot and what came after. Actors that no server asks any more end by themselves.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any, TypeVar

import structlog

from regard.collections.shard import SEARCHES
from regard.collections.shards import ShardRequest
from regard.errors import InternalServerError
from regard.tasks.driver_process import DriverProcess
from regard.tasks.ray_driver import ClusterFailed, WantedShards

T = TypeVar("T")

_FORGOTTEN = 600.0  # seconds without a sign of a server after which an actor ends
_AWAY = "The face index can't be reached. Try your call again."

log: Any = structlog.get_logger(__name__)


class RayShards:
    """See ShardSet: `count` actors of the cluster, made when they are first asked."""

    def __init__(self, driver: DriverProcess, count: int, *, forgotten: float = _FORGOTTEN) -> None:
        """Actors end `forgotten` seconds after the last server has."""
        self._driver = driver
        self._wanted = WantedShards(count, SEARCHES, forgotten)
        self._number = driver.number()
        self._own = version("regard")
        self._away = False

    def ask(self, incarnation: str, request: ShardRequest[T]) -> Sequence[T]:
        content = pickle.dumps(request, protocol=pickle.HIGHEST_PROTOCOL)
        try:
            answers = self._driver.call("ask", self._number, self._wanted, self._own, incarnation, content)
        except ClusterFailed as error:
            raise self._failed(error) from error
        self._away = False
        return [pickle.loads(answer) for answer in answers]  # noqa: S301 - of a machine of the cluster

    def close(self) -> None:
        """Leaves the actors to the other servers; without any they end after ten minutes."""
        with suppress(ClusterFailed):  # then they have no sign of this server any more
            self._driver.tell("leave", self._number)

    def _failed(self, error: ClusterFailed) -> InternalServerError:
        if not self._away:
            log.error("a shard can't be reached", reason=" ".join(str(error).split()))
        self._away = True
        return InternalServerError(_AWAY)
