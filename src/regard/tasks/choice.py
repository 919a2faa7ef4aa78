"""Which machines do a worker's tasks, and hold the galleries."""

from __future__ import annotations

from regard.collections.shards import ShardSet
from regard.errors import RegardError
from regard.measurements import TaskMeasurements
from regard.settings import Settings
from regard.tasks.executor import Executor, ThreadExecutor
from regard.tasks.task_node import TaskNode


def cluster_of(settings: Settings) -> Executor | None:
    """The cluster that the settings name; None where this process does everything itself. Raises RegardError
    where it can't be reached.
    """
    if settings.ray is None:
        return None
    from regard.tasks.driver_process import driver_of
    from regard.tasks.ray_executor import RayExecutor

    return RayExecutor(driver_of(settings.ray))


def tasks_measured(settings: Settings) -> TaskMeasurements:
    """What the cluster that the settings name has done for this process. Raises as `cluster_of` does."""
    if settings.ray is None:
        return TaskMeasurements()
    from regard.tasks.driver_process import driver_of

    return driver_of(settings.ray).tasks


def executor_of(node: TaskNode) -> Executor:
    """The cluster that a node's settings name; where there is none, threads of this process, which is the
    node. Raises as `cluster_of` does.
    """
    return cluster_of(node.settings) or ThreadExecutor(node, node.settings.worker_count)


def shards_of(settings: Settings) -> ShardSet | None:
    """The shards on the cluster that the settings name; None where galleries are searched otherwise. Raises
    RegardError as `cluster_of`, and where no cluster is named.
    """
    if settings.index_engine != "ray":
        return None
    if settings.ray is None:
        raise RegardError("REGARD_INDEX_ENGINE is ray; say in REGARD_RAY where the cluster is.")
    from regard.tasks.driver_process import driver_of
    from regard.tasks.ray_shards import RayShards

    return RayShards(driver_of(settings.ray), settings.search_shards)
