"""Runs `regard` as a stranger does: a process of its own, its input, output and exit code.

Run as `python -m tests.commands`, this is the nursery: it has imported what commands import, and forks a
process for each, which saves the second and more that importing takes. Such a process is otherwise what
`python -m regard` is; `test_lazy.py` and the tests of whole pages start that itself.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import regard.__main__
from regard.cli import Commands, main

_HEAVY = (
    "av",
    "botocore.client",
    "cv2",
    "PIL.Image",
    "regard.app",
    "regard.cli.local",
    "rich.table",
)


def run_regard(
    *arguments: object,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    typed: str | bytes = "",
    columns: int = 160,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command in a folder, on a terminal so wide, with what is typed as its input."""
    with tempfile.TemporaryDirectory() as named:
        files = {name: Path(named) / name for name in ("typed", "output", "errors")}
        files["typed"].write_bytes(typed.encode() if isinstance(typed, str) else typed)
        command = {
            "arguments": [*map(str, arguments)],
            "folder": str(folder or Path.cwd()),
            "environment": {**os.environ, "COLUMNS": str(columns), **(environment or {})},
            "files": [str(file) for file in files.values()],
        }
        nursery = _nursery()
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(f"{json.dumps(command)}\n")
        nursery.stdin.flush()
        code = int(nursery.stdout.readline())
        output, errors = (files[name].read_bytes() for name in ("output", "errors"))
    return subprocess.CompletedProcess(command["arguments"], code, output, errors)


def run_regard_text(*arguments: object, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    """The same in text; holds the command to an exit code and to no traceback."""
    done = run_regard(*arguments, **options)
    output, errors = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, errors + output
    assert "Traceback" not in errors
    return subprocess.CompletedProcess(done.args, done.returncode, output, errors)


@functools.cache
def _nursery() -> subprocess.Popen[str]:
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.commands"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        with nursery:
            nursery.kill()

    atexit.register(end)
    return nursery


def _is_child(orders: IO[str]) -> bool:
    """Forks a process for each order, one after another. True in such a process, False when none come."""
    for line in orders:
        process = os.fork()
        if process == 0:
            _become(json.loads(line))
            return True
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return False


def _become(command: Mapping[str, Any]) -> None:
    """Makes this process what `python -m regard` finds."""
    random.seed()
    os.environ.clear()
    os.environ.update(command["environment"])
    os.chdir(command["folder"])
    modes = os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT
    for number, (file, mode) in enumerate(zip(command["files"], modes, strict=True)):
        os.dup2(os.open(file, mode, 0o600), number)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
    sys.modules["__main__"] = regard.__main__  # by which a command knows its name
    sys.argv = [str(regard.__main__.__file__), *command["arguments"]]


if __name__ == "__main__":
    for needed in (*_HEAVY, *(entry.target.partition(":")[0] for entry in Commands.entries)):
        import_module(needed)
    if _is_child(sys.stdin):
        main()
