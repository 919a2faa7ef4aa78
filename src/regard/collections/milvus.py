"""Milvus as an engine: vectors that many machines hold together, searched as its own index finds them."""

from __future__ import annotations

import logging
import math
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from regard.collections.index import Neighbours, merged
from regard.errors import InternalServerError, RegardError, ServiceError, ThrottlingException
from regard.settings import Settings

_log = structlog.get_logger()
_SECONDS = 10.0  # that a request waits for Milvus
_BATCH = 4096  # vectors in one message: Milvus takes 64 MB, and 16,384 ids in one query
_VECTOR = "vector"  # the field of vectors, and so its index, in Milvus
_MARGIN = 1e-3  # how much further Milvus searches than asked, since it may round what is measured again here
_CONNECTION_FAILED = 2  # pymilvus' own code
_NOT_FOUND = 100  # https://milvus.io/docs, "collection not found"


def chosen_engine(settings: Settings) -> MilvusEngine | None:
    """The Milvus that the settings name; None where another engine searches. Raises RegardError."""
    if settings.index_engine != "milvus":
        return None
    if settings.milvus is None:
        raise RegardError("REGARD_INDEX_ENGINE is milvus; say in REGARD_MILVUS where Milvus is.")
    return MilvusEngine(settings.milvus, settings.milvus_token)


class MilvusEngine:
    """One Milvus. Thread-safe; one that was away is connected to again by the next call."""

    def __init__(self, uri: str, token: str = "") -> None:
        """`uri` is http(s)://HOST:PORT, or a file that ends in .db, for Milvus Lite.

        Raises RegardError without pymilvus, and when nobody answers.
        """
        try:
            import pymilvus
            from grpc import RpcError
        except ImportError as error:
            raise RegardError(
                "Milvus, which REGARD_INDEX_ENGINE names, needs one more package: "
                "pip install 'regard[milvus]'."
            ) from error
        # It writes every failed call with a traceback; what an operator must know is in our own log.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
        self._uri, self._token = uri, token
        self._library: Any = pymilvus
        self._failures = (pymilvus.MilvusException, RpcError, OSError)
        self._lock = threading.Lock()
        self._client: Any = None
        self._away = False
        try:
            self._connected()
        except self._failures as error:
            raise RegardError(
                f"Milvus can't be reached with REGARD_MILVUS: {self._reason(error)}. Start it, or mend the "
                "address and REGARD_MILVUS_TOKEN."
            ) from None

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What that method of pymilvus' client answers.

        Raises InternalServerError when Milvus is away or fails, ThrottlingException for a collection that
        is not in it any more: clients try both again.
        """
        client = None
        try:
            client = self._connected()
            answer = getattr(client, method)(*arguments, timeout=_SECONDS, **options)
        except self._failures as error:
            code = getattr(error, "code", None)
            if code == _NOT_FOUND:
                raise ThrottlingException(
                    "The index of the collection is being made anew. Try your call again."
                ) from error
            if code == _CONNECTION_FAILED or not isinstance(error, self._library.MilvusException):
                self._disconnect(client)
            if not self._away:
                _log.error("Milvus failed", reason=self._reason(error))
            self._away = True
            raise InternalServerError("The face index can't be reached. Try your call again.") from error
        self._away = False
        return answer

    def create(self, name: str, dimension: int) -> None:
        """A collection without vectors; nothing where there is one of that name."""
        if self.call("has_collection", name):
            return
        library = self._library
        schema = library.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", library.DataType.INT64, is_primary=True)
        schema.add_field(_VECTOR, library.DataType.FLOAT_VECTOR, dim=dimension)
        index = library.MilvusClient.prepare_index_params()
        index.add_index(_VECTOR, index_type="AUTOINDEX", metric_type="L2")
        # Strong: a search sees all that was written before it began.
        self.call("create_collection", name, schema=schema, index_params=index, consistency_level="Strong")

    def open(self, name: str) -> bool:
        """Makes a collection ready to be searched; answers whether there is one of that name."""
        if not self.call("has_collection", name):
            return False
        self.call("load_collection", name)
        # AUTOINDEX is Milvus's to choose, and how many faces are found is that index's matter.
        index = self.call("describe_index", name, _VECTOR) or {}
        told = {said: index.get(said) for said in ("index_type", "metric_type", "state")}
        _log.info("index in Milvus", collection=name, **told)
        return True

    def names(self, prefix: str) -> list[str]:
        """The collections whose names begin so."""
        return [name for name in self.call("list_collections") if name.startswith(prefix)]

    def drop(self, name: str) -> None:
        """Erases a collection, if it is there."""
        with suppress(ThrottlingException):  # it is not
            self.call("drop_collection", name)

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                options: dict[str, Any] = {"token": self._token} if self._token else {}
                # A pool of its own: gRPC's would wait longer and longer before it tries Milvus again.
                options["grpc_options"] = {"grpc.use_local_subchannel_pool": 1}
                self._client = self._library.MilvusClient(uri=self._uri, timeout=_SECONDS, **options)
            return self._client

    def _disconnect(self, failed: Any) -> None:
        with self._lock:
            if self._client is failed:
                self._client = None
        if failed is not None:
            with suppress(*self._failures):
                failed.close()

    def _reason(self, error: BaseException) -> str:
        text = " ".join(str(getattr(error, "message", "") or error).split())
        if self._token:
            text = text.replace(self._token, "…")
        return text[:300].rstrip(".")


class MilvusIndex:
    """The vectors of one space, in Milvus' collection `name`. Which are found is Milvus' to say; how far
    they are is measured here.

    `broken` is set when a call failed: what it holds must be checked again then.
    """

    def __init__(self, engine: MilvusEngine, name: str, dimension: int) -> None:
        self._engine = engine
        self._dimension = dimension
        self.name = name
        self.broken = False

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH].tolist()
            # An insert does not replace: the same row twice would be counted twice.
            there = {found["row"] for found in self._call("get", ids=batch, output_fields=["row"])}
            fresh = [
                {"row": row, _VECTOR: vector}
                for row, vector in zip(batch, vectors[start : start + _BATCH].astype(np.float32), strict=True)
                if row not in there
            ]
            if fresh:
                self._call("insert", data=fresh)

    def remove(self, rows: NDArray[np.int64]) -> None:
        for start in range(0, len(rows), _BATCH):
            self._call("delete", ids=rows[start : start + _BATCH].tolist())

    def search(self, probe: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        probe = np.asarray(probe, np.float32)
        within = {} if math.isinf(radius) else {"radius": (radius + _MARGIN) ** 2}  # squared, as all L2 there
        [hits] = self._call(
            "search",
            data=[probe],
            limit=limit,
            search_params={"metric_type": "L2", "params": within},
            output_fields=[_VECTOR],
        )
        rows = np.array([hit["row"] for hit in hits], np.int64)
        vectors = np.array([hit["entity"][_VECTOR] for hit in hits], np.float32)
        distances = np.linalg.norm(vectors.reshape(-1, self._dimension) - probe, axis=1).astype(np.float32)
        keep = distances <= radius
        return merged([Neighbours(rows[keep], distances[keep])], limit)

    def __len__(self) -> int:
        [answer] = self._call("query", filter="", output_fields=["count(*)"])
        return int(answer["count(*)"])

    @property
    def memory(self) -> int:
        """None of this machine's."""
        return 0

    def close(self) -> None:
        """The connection is the engine's, and what Milvus holds is for every server."""

    def _call(self, method: str, **options: Any) -> Any:
        try:
            return self._engine.call(method, self.name, **options)
        except ServiceError:
            self.broken = True
            raise
