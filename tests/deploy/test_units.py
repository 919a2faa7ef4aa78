"""The units for systemd, as systemd itself reads them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
NAMES = ("regard.service", "regard-worker@.service", "regard-streams@.service")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: apt-get install systemd"
)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The units with a program and a user that this machine has, as an instance where they are templates."""
    for name in NAMES:
        text = (UNITS / name).read_text("utf-8")
        text = text.replace("/opt/regard/bin/regard", sys.executable)
        text = re.sub("^(User|Group)=regard$", r"\1=daemon", text, flags=re.MULTILINE)
        (tmp_path / name.replace("@.", "@1.")).write_text(text)
    return tmp_path


@needs_systemd
def test_systemd_finds_nothing_to_complain_of(here: Path) -> None:
    units = sorted(map(str, here.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "regard" in line]
    assert (done.returncode, ours) == (0, [])


@needs_systemd
def test_a_unit_is_exposed_no_more_than_it_was_measured(here: Path) -> None:
    for unit in here.iterdir():
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_stops_regard_as_regard_stops(name: str) -> None:
    service = _service(name)
    assert (service["KillSignal"], service["KillMode"], service["TimeoutStopSec"]) == (
        "SIGTERM",
        "mixed",
        "60",
    )
    told = "notify" if name == "regard.service" else "exec"  # workers serve nobody who would wait for them
    assert service["Type"] == told
    assert service["OOMPolicy"] == "continue"


def test_all_units_are_hardened_alike() -> None:
    server, *workers = (_hardening(name) for name in NAMES)
    assert all(worker == server for worker in workers)
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(server)


def _service(name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNITS / name, "utf-8")
    return dict(parser["Service"])


def _hardening(name: str) -> list[str]:
    text = (UNITS / name).read_text("utf-8")
    return text.partition("# What it may touch")[2].splitlines()
