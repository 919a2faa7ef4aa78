"""A Ray cluster of two machines of one core each, that is: two raylets, on this one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def two_machines(buckets: str, *, store_bytes: int) -> Iterator[Any]:
    """Ray's `Cluster`. Its processes have `buckets` for REGARD_BUCKETS; each
    machine keeps `store_bytes` of what tasks give. Skips where Ray isn't installed.
    """
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGARD_BUCKETS", buckets)  # raylets have the environment that they were started in
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        options = {"num_cpus": 1, "object_store_memory": store_bytes}
        started = Cluster(initialize_head=True, head_node_args={**options, "include_dashboard": False})
        try:
            started.add_node(**options)
            yield started
        finally:
            started.shutdown()
