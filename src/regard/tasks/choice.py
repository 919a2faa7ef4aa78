"""Which machines do a worker's tasks."""

from __future__ import annotations

from regard.settings import Settings
from regard.tasks.executor import Executor, ThreadExecutor
from regard.tasks.task_node import TaskNode


def cluster_of(settings: Settings) -> Executor | None:
    """The cluster that the settings name; None where this process does everything itself. Raises RegardError
    where it can't be reached.
    """
    if settings.ray is None:
        return None
    from regard.tasks.ray_executor import ray_executor

    return ray_executor(settings.ray)


def executor_of(node: TaskNode) -> Executor:
    """The cluster that a node's settings name; where there is none, threads of this process, which is the
    node. Raises as `cluster_of` does.
    """
    return cluster_of(node.settings) or ThreadExecutor(node, node.settings.worker_count)
