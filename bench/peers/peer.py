"""What is known of a peer, and its process. Only the standard library: peers' own Pythons read it, too."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

ROOT = Path(__file__).parent.parent.parent

Load = Callable[[str], Any]
Examine = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """A program of others.

    `module` is that of this package, `task` what it does (a key of `bench.peers.tasks.TASKS`). `installs` are
    arguments of `pip install`, call by call, each version pinned. `variants` are options of the module's
    `open_peer` by how a table calls them. `absent` says why it can't be measured, where it can't.
    """

    module: str
    name: str
    task: str
    installs: Sequence[Sequence[str]]
    code_licence: str
    weights_licence: str
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"": {}})
    absent: str = ""


class PeerProcess:
    """A variant of a peer in a process of its own, one thread each, which the first look starts."""

    def __init__(self, peer: Peer, variant: str = "", *, cache: Path | None = None) -> None:
        """`cache` is the folder of the environments; one for temporary files unless it is given."""
        self._peer, self._options = peer, peer.variants[variant]
        self._cache = cache or Path(gettempdir()) / "regard-bench-peers"
        self._process: subprocess.Popen[str] | None = None

    def look(self, file: Path) -> tuple[float, Any]:
        """Seconds of processor time, and what was found, as JSON has it."""
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{file.resolve()}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._peer.name} has ended; what it said is above.")
        answer = json.loads(line)
        return answer["seconds"], answer["found"]

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=60)

    def _start(self) -> subprocess.Popen[str]:
        """It ends with our end of its standard input."""
        from bench.peers.environment import python_of

        python = python_of(self._peer.module, self._peer.installs, self._cache)
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "TF_INTRA_OP")}
        return subprocess.Popen(
            [str(python), "-m", "bench.peers.worker", self._peer.module, json.dumps(self._options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={
                "PATH": os.defpath,
                "HOME": str(python.parent.parent),  # where a peer may keep its weights
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "ignore",
                "ORT_DISABLE_TELEMETRY": "1",
                "TF_CPP_MIN_LOG_LEVEL": "3",
                **threads,
            },
        )
