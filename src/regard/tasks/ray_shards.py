"""Shards of galleries as actors of a Ray cluster, which all servers of one database share.

Actors are named by the database, the version of Regard and how many there are, so that whoever asks first
makes them, and servers of two versions never share one. One that is lost Ray starts anew; it reads its
snapshot and what came after. Actors that no server asks any more end by themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.part import RowPart
from regard.collections.shard import SEARCHES, Shard
from regard.collections.shards import ShardRequest
from regard.errors import InternalServerError, RegardError, ServiceError
from regard.settings import Settings
from regard.tasks.ray_cluster import end_this_actor

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")

_SECONDS = 10.0  # that a request waits for all shards
_PENDING = 256  # requests that one server has with a shard at most; a stalled one is not given more
_FORGOTTEN = 600.0  # seconds without a sign of a server after which an actor ends
_SIGNS = 20  # that a server gives in that time
_NAMESPACE = "regard"
_AWAY = "The face index can't be reached. Try your call again."

log: Any = structlog.get_logger(__name__)


class RayShards:
    """See ShardSet: `count` actors of the cluster, made when they are first asked."""

    def __init__(self, ray: ModuleType, count: int, *, forgotten: float = _FORGOTTEN) -> None:
        """Actors end `forgotten` seconds after the last server has."""
        self._ray = ray
        self._forgotten = forgotten
        self._count = count
        self._own = version("regard")
        self._lock = threading.Lock()
        self._actors: dict[str, list[Any]] = {}
        self._away = False
        self._stopped = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="shards", daemon=True)
        self._teller.start()

    def ask(self, incarnation: str, request: ShardRequest[T]) -> Sequence[T]:
        errors = self._ray.exceptions
        try:
            asked = [actor.answer.remote(request) for actor in self._named(incarnation)]
            answers: Sequence[T] = self._ray.get(asked, timeout=_SECONDS)
        except errors.RayTaskError as error:
            if isinstance(error.cause, ServiceError):
                raise error.cause from None  # as if it had been asked here
            if not isinstance(error.cause, RegardError | errors.RayError):
                raise
            raise self._failed(incarnation, error) from error
        except errors.RayError as error:
            raise self._failed(incarnation, error) from error
        self._away = False
        return answers

    def close(self) -> None:
        """Leaves the actors to the other servers; without any they end after ten minutes."""
        self._stopped.set()
        self._teller.join()

    def _named(self, incarnation: str) -> list[Any]:
        """The actors, which are made where there are none."""
        with self._lock:
            found = self._actors.get(incarnation)
            if found is None:
                found = [self._actor(incarnation, RowPart(n, self._count)) for n in range(self._count)]
                self._actors[incarnation] = found
            return found

    def _actor(self, incarnation: str, part: RowPart) -> Any:
        options = {
            "name": f"shard {part.name} of {incarnation}, {self._own}",
            "namespace": _NAMESPACE,
            "get_if_exists": True,
            "lifetime": "detached",
            "max_restarts": -1,
            "max_task_retries": 0,  # whoever asked is told, and tries again
            "max_concurrency": SEARCHES,
            "max_pending_calls": _PENDING,
            "num_cpus": 1,
            "scheduling_strategy": "SPREAD",
        }
        return (
            self._ray.remote(ShardActor)
            .options(**options)
            .remote(self._own, incarnation, part, self._forgotten)
        )

    def _failed(self, incarnation: str, error: BaseException) -> InternalServerError:
        with self._lock:
            # Found by their names again: one that could not begin has none any more, and is made anew.
            self._actors.pop(incarnation, None)
        if not self._away:
            reason = " ".join(str(getattr(error, "cause", None) or error).split())
            log.error("a shard can't be reached", kind=type(error).__name__, reason=reason[-400:])
        self._away = True
        return InternalServerError(_AWAY)

    def _tell(self) -> None:
        """Says to actors that nobody searches in that there is a server yet."""
        while not self._stopped.wait(self._forgotten / _SIGNS):
            with self._lock:
                actors = [actor for named in self._actors.values() for actor in named]
            try:
                for actor in actors:
                    actor.stay.remote()
            except self._ray.exceptions.RayError as error:
                log.info("a shard can't be told to stay", kind=type(error).__name__)


class ShardActor:
    """A shard in a process of Ray's."""

    def __init__(self, own: str, incarnation: str, part: RowPart, forgotten: float) -> None:
        """Raises RegardError where another version of Regard is installed than the server's, `own`, and as
        `Shard.open`.
        """
        here = version("regard")
        if here != own:
            raise RegardError(f"A machine of the Ray cluster has Regard {here}, and the server {own}.")
        settings = Settings.load()  # of this machine: nothing of the server's travels
        self._shard = Shard.open(settings, FaceModels(FACE_MODELS, settings.face_model), part, incarnation)
        self._forgotten = forgotten
        self._asked = time.monotonic()
        threading.Thread(target=self._end_forgotten, daemon=True).start()

    def answer(self, request: ShardRequest[T]) -> T:
        """What the shard answers. Raises ServiceError."""
        self._asked = time.monotonic()
        return request.run(self._shard)

    def stay(self) -> None:
        """That there is a server yet."""
        self._asked = time.monotonic()

    def memory(self) -> int:
        """Bytes that its indexes hold in memory."""
        return self._shard.memory

    def _end_forgotten(self) -> None:
        while time.monotonic() - self._asked < self._forgotten:
            time.sleep(self._forgotten / _SIGNS)
        self._shard.close()
        end_this_actor()
