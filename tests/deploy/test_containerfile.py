"""The Containerfile: what it says of the image, and, once a night, the image itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import regard
from regard.packs.install import InstalledPack
from tests.deploy.installed import ROOT, readme_example
from tests.deploy.sealed import run_sealed
from tests.postgres import free_port
from tests.waiting import wait_until

FILE = ROOT / "Containerfile"
NEEDED = ("buildah", "debootstrap", "setpriv", "unshare")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Instruction and arguments of each step, continued lines joined."""
    text = re.sub(r"^#.*\n", "", FILE.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line.strip()]


def test_the_image_runs_as_a_user_without_rights(steps: list[tuple[str, str]]) -> None:
    last = max(number for number, (step, _) in enumerate(steps) if step == "FROM")
    assert [value for step, value in steps[last:] if step == "USER"] == ["10001:10001"]
    after = [step for step, _ in steps[[step for step, _ in steps].index("USER") :]]
    assert "RUN" not in after
    assert "COPY" not in after


def test_it_says_how_it_is_asked_and_stopped(steps: list[tuple[str, str]]) -> None:
    assert ("STOPSIGNAL", "SIGTERM") in steps
    assert any(step == "HEALTHCHECK" and "/healthz" in value for step, value in steps)
    assert ("ENTRYPOINT", '["tini", "--", "regard"]') in steps
    assert ("ARG", f"VERSION={regard.__version__}") in steps


def test_its_extras_are_those_of_the_package(steps: list[tuple[str, str]]) -> None:
    (extras,) = [value.removeprefix("EXTRAS=") for _, value in steps if value.startswith("EXTRAS=")]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(re.search(rf"^{extra} = \[", text, re.MULTILINE) for extra in extras.split(","))


def test_only_what_is_named_comes_into_an_image(steps: list[tuple[str, str]]) -> None:
    """Engines read one or the other file; both say the same."""
    ignored = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines() == ignored
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    named = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        name
        for step, value in steps
        if step == "COPY" and "--from" not in value
        for name in value.split()[:-1]
    }
    assert copied == named
    assert all((ROOT / name).exists() for name in named)


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Buildah with a store of its own, without an engine or namespaces."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing or os.geteuid():
        pytest.skip(
            f"an image is built by root with {', '.join(NEEDED)}; apt-get install buildah debootstrap"
        )
    store = tmp_path_factory.mktemp("store")
    return ["buildah", "--storage-driver", "vfs", "--root", f"{store}/store", "--runroot", f"{store}/run"]


@pytest.fixture(scope="module")
def image(
    buildah: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The file system of the image, and its settings; built on a Debian that debootstrap made."""

    def run(*arguments: object) -> str:
        command = [*buildah, *map(str, arguments)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    debian = tmp_path_factory.mktemp("base") / "debian"
    debootstrap = ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", debian]
    subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")  # a site may have authorities of its own
    shutil.copy(authorities, debian / authorities.relative_to("/"))
    base = run("from", "scratch")
    run("add", "--quiet", base, debian, "/")
    run("commit", "--quiet", base, "localhost/base")
    shutil.rmtree(debian)
    arguments = {"BASE_IMAGE": "localhost/base"} | {
        name: os.environ[name] for name in ("PIP_INDEX_URL",) if name in os.environ
    }
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    run(
        "bud",
        "--isolation=chroot",
        "--format=docker",
        "--layers=false",
        *given,
        "--tag=made",
        "--file",
        FILE,
        ROOT,
    )
    container = run("from", "made")
    try:
        yield (
            Path(run("mount", container)),
            json.loads(run("inspect", "--type=image", "made"))["Docker"]["config"],
        )
    finally:
        run("rm", "--all")
        run("rmi", "--all", "--force")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_image_serves_on_a_read_only_file_system_without_rights(
    image: tuple[Path, dict[str, Any]], installed_pack: InstalledPack, tmp_path: Path
) -> None:
    root, config = image
    data, log = tmp_path / "data", tmp_path / "log"
    data.mkdir()
    os.chown(data, 10001, 10001)
    environment = dict(line.split("=", 1) for line in config["Env"])
    environment |= {"REGARD_HOST": "127.0.0.1", "REGARD_PORT": str(free_port())}
    address = f"http://127.0.0.1:{environment['REGARD_PORT']}"
    around = {"data": data, "models": installed_pack.folder.parent, "environment": environment}

    def said(*command: str) -> tuple[int, str]:
        process = run_sealed(root, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **around)
        return process.wait(), process.communicate()[0].decode()

    with log.open("wb") as written:
        command = config["Entrypoint"] + config["Cmd"]
        server = run_sealed(root, command, stdout=written, stderr=written, **around)
    try:
        wait_until(lambda: server.poll() is not None or _answers(f"{address}/healthz"), seconds=120)
        assert server.poll() is None, log.read_text()
        assert said(*config["Healthcheck"]["Test"][1:])[0] == 0
        assert readme_example(address, data / "credentials")[0] == "eileen"

        assert said("id", "-u")[1] == "10001\n"
        assert "CapBnd:\t0000000000000000" in said("cat", "/proc/self/status")[1]
        assert "Read-only file system" in said("touch", "/opt/regard/here")[1]
        assert said("touch", "/data/here", "/tmp/here")[0] == 0  # noqa: S108
        assert said("sh", "-c", "find / -xdev -perm /6000 -type f 2>/dev/null")[1] == ""

        began = time.monotonic()
        _signal_inside(server, signal.SIGTERM)
        assert server.wait(60) == 0
        assert time.monotonic() - began < 45
    finally:
        _signal_inside(server, signal.SIGKILL)
        server.wait()


def _signal_inside(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the first process of the container, with which all others end: `unshare` itself passes none on."""
    with suppress(FileNotFoundError):
        for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text("ascii").split():
            os.kill(int(child), number)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
