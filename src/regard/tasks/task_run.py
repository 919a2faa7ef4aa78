"""A task in a process of Ray's."""

from __future__ import annotations

import pickle
import time
from importlib.metadata import version

from regard.errors import RegardError


def run_here(own: str, task: bytes) -> bytes:
    """Does a task, and answers what it gave and how many seconds it took; both are pickled.

    Raises RegardError where another version of Regard is installed than `own`, the worker's, before it reads
    what that has written; and what the task raises.
    """
    here = version("regard")
    if here != own:
        raise RegardError(f"A machine of the Ray cluster has Regard {here}, and the worker {own}.")
    from regard.tasks.task_node import node_here  # models and all that: too much for who hands tasks out

    node, began = node_here(), time.perf_counter()
    given = pickle.loads(task).run(node)  # noqa: S301 - whoever is in the cluster may run programs there
    return pickle.dumps((given, time.perf_counter() - began), protocol=pickle.HIGHEST_PROTOCOL)
