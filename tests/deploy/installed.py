"""Regard installed from a wheel, away from the checkout: a server, README's example against it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import wait_for_address
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]


def make_environment(folder: Path) -> Path:
    """An empty virtual environment; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def pip(*arguments: object, python: Path | None = None) -> None:
    """Runs pip, for another Python where one is named. Raises CalledProcessError with what it said."""
    target = () if python is None else ("--python", str(python))
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *target]
    subprocess.run([*command, *map(str, arguments)], check=True)


def lend_libraries(python: Path) -> None:
    """Lets an environment see the libraries of this one, behind its own, and not the checkout."""
    (purelib,) = python.parent.parent.glob("lib/python*/site-packages")
    folders = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    (purelib / "lent.pth").write_text("\n".join(folders))


@contextmanager
def served(python: Path, folder: Path, **variables: str) -> Iterator[str]:
    """`regard serve` in an empty folder; yields its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGARD_")}
    environment |= {
        "REGARD_PORT": "0",
        "REGARD_JOB_WORKERS": "0",
        "REGARD_STREAM_WORKERS": "0",
        "COLUMNS": "200",
    }
    log = folder.parent / f"{folder.name}.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [python.with_name("regard"), "serve"],
            cwd=folder,
            env=environment | variables,
            stdout=written,
            stderr=written,
            text=True,
        )
    try:
        yield wait_for_address(process, log)
    finally:
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0, log.read_text()


def readme_example(address: str, credentials: Path, *, python: Path | None = None) -> list[str]:
    """What README's example prints, in words, against a server: the name and how similar."""
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [python or sys.executable, "-c", example.replace("http://127.0.0.1:8090", address)],
        cwd=ROOT,
        env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": str(credentials)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
