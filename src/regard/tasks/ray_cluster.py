"""A process's connection to a Ray cluster. The only module that imports Ray, when a setting says so."""

from __future__ import annotations

import os
import re
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from regard.errors import RegardError

if TYPE_CHECKING:
    from types import ModuleType

_SECONDS = 5.0  # for whoever is at the address to take a connection
_AUTO = "auto"


def check_address(address: str) -> None:
    """Raises RegardError for what is neither HOST:PORT nor `auto`."""
    if address != _AUTO and not re.fullmatch(r"[^\s:/]+:\d{1,5}", address, re.ASCII):
        raise RegardError(f"A Ray cluster is HOST:PORT or `auto`; {address[:80]!r} is no HOST:PORT.")


def refuse_without_ray() -> None:
    """Raises RegardError where Ray isn't installed."""
    if find_spec("ray") is None:
        raise RegardError('Ray isn\'t installed: pip install "regard[ray]".')


def unreachable(address: str) -> RegardError:
    """The error of who can't reach a cluster."""
    return RegardError(
        f"The Ray cluster {address!r} can't be reached from this machine, which must be a part of it: "
        "`ray start --address` joins it. Where the cluster asks for a token, set RAY_AUTH_MODE=token."
    )


def connected(address: str) -> ModuleType:
    """Ray, connected to the cluster at `address`, HOST:PORT, of which this machine is a part; `auto` for the
    one that runs here. Raises RegardError where Ray isn't installed or the cluster can't be reached.

    Where nobody takes a connection there, that takes seconds; where somebody does who isn't Ray, minutes.
    """
    check_address(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address != _AUTO:
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), _SECONDS).close()
        except (
            OSError,
            OverflowError,
            UnicodeError,
        ) as error:  # a port beyond 65,535, a host that is no name
            raise unreachable(address) from error
    refuse_without_ray()
    import ray

    try:
        # Nothing of this process's environment travels: each machine has its own settings and credentials.
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except ray.exceptions.RayError as error:
        # Such as a token that this machine lacks. Ray says what to do.
        raise RegardError(f"The Ray cluster {address!r} can't be joined: {str(error)[:400]}") from error
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, SystemExit) as error:  # Ray exits, too
        raise unreachable(address) from error
    module: ModuleType = ray
    return module


def end_this_actor() -> None:
    """Ends the actor whose process this is; Ray doesn't start it anew."""
    import ray

    ray.kill(ray.get_runtime_context().current_actor, no_restart=True)
