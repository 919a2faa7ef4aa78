"""A shard of the galleries in a process of Ray's."""

from __future__ import annotations

import pickle
import threading
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from regard.errors import RegardError
from regard.tasks.ray_cluster import end_this_actor

if TYPE_CHECKING:
    from regard.collections.shard import Shard

_SIGNS = 20  # for a sign of a server, in the time after which it ends without any


class ShardActor:
    """One of `count` shards. What it needs of Regard is imported where it runs."""

    def __init__(self, own: str, incarnation: str, number: int, count: int, forgotten: float) -> None:
        """Raises RegardError where another version of Regard is installed than the server's, `own`, and as
        `Shard.open`.
        """
        here = version("regard")
        if here != own:
            raise RegardError(f"A machine of the Ray cluster has Regard {here}, and the server {own}.")
        self._shard = _opened(incarnation, number, count)
        self._forgotten = forgotten
        self._asked = time.monotonic()
        threading.Thread(target=self._end_forgotten, daemon=True).start()

    def answer(self, request: bytes) -> bytes:
        """What the shard answers; both are pickled. Raises ServiceError."""
        self._asked = time.monotonic()
        given = pickle.loads(request).run(self._shard)  # noqa: S301 - whoever is in the cluster may run programs
        return pickle.dumps(given, protocol=pickle.HIGHEST_PROTOCOL)

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


def _opened(incarnation: str, number: int, count: int) -> Shard:
    from regard.collections.face_models import FACE_MODELS, FaceModels
    from regard.collections.part import RowPart
    from regard.collections.shard import Shard
    from regard.settings import Settings

    settings = Settings.load()  # of this machine: nothing of the server's travels
    models = FaceModels(FACE_MODELS, settings.face_model)
    return Shard.open(settings, models, RowPart(number, count), incarnation)
