"""Pages whose commands lead somewhere, typed as they stand, one after the other.

Comments in a page, which no reader sees, say what is typed:
`<!-- walk -->` before a block of sh or python;
`<!-- walk: serves PORT -->` before a command that serves: it stays, and answers on PORT before what follows;
`<!-- walk: works -->` before one that stays without serving;
`<!-- walk: stops -->` where the reader stops them all.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.waiting import PATIENCE

_MARK: Final = re.compile(r"<!-- walk(?:: (\w+)(?: (\d+))?)? -->\n(?:```(sh|python)\n(.*?)```)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Act:
    """What a page has its reader do: `typed`, or, where `how` is `stops`, nothing but to stop what runs."""

    how: str
    port: str
    language: str
    typed: str


def acts(page: Path) -> Iterator[Act]:
    """The acts of a page, in order."""
    for how, port, language, typed in _MARK.findall(page.read_text("utf-8")):
        yield Act(how or "types", port, language, typed)


class Reader:
    """Somebody who does what a page says, in `folder`, with the words of `instead` for those of the page."""

    def __init__(self, folder: Path, instead: Mapping[str, str]) -> None:
        self.said = ""
        self._folder = folder
        self._instead = dict(instead) | {f"{8090 + number}": f"{_free_port()}" for number in range(3)}
        self._environment = os.environ | {
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
            "REGARD_PORT": self._instead["8090"],
            "REGARD_TLS_PORT": self._instead["8091"],
            "COLUMNS": "200",
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def follow(self, page: Path) -> None:
        """Does everything; each command must succeed, and each server answer. Leaves nothing running."""
        try:
            for act in acts(page):
                self._do(act)
        finally:
            self._stop()

    def _do(self, act: Act) -> None:
        typed = act.typed
        for words, others in self._instead.items():
            typed = typed.replace(words, others)
        if act.how == "stops":
            self._stop()
        elif act.how == "types":
            self._type(typed, act.language)
        else:
            process = subprocess.Popen(
                ["bash", "-c", f"exec env {typed}"],
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.DEVNULL,
            )
            self._running.append(process)
            if act.port:
                _wait_for(self._instead[act.port], process)

    def _type(self, typed: str, language: str) -> None:
        kept = self._folder / ".environment"  # what one block exports, the next one has
        command = [sys.executable, "-c", typed]
        if language == "sh":
            command = ["bash", "-c", f"set -eo pipefail\n{typed}\nenv -0 > {kept}"]
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{typed}\n{done.stdout}\n{done.stderr}"
        self.said += done.stdout
        if language == "sh":
            pairs = kept.read_text("utf-8").rstrip("\0").split("\0")
            self._environment = dict(pair.split("=", 1) for pair in pairs)

    def _stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(timeout=PATIENCE)
        self._running.clear()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nothing answers on {port}; its exit status: {process.poll()}")
