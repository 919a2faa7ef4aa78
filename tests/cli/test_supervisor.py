"""What a supervisor such as systemd is told."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from tests.conftest import start_server, stop_server

from regard.cli.supervisor import READY, STOPPING, tell_supervisor
from regard.packs.install import InstalledPack


def listening(name: str) -> socket.socket:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(name)
    told.setblocking(False)
    return told


def test_it_is_told_at_the_socket_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "told"))
    with listening(str(tmp_path / "told")) as told:
        tell_supervisor(READY)
        assert told.recv(100) == b"READY=1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract names")
def test_a_name_that_is_no_file_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"regard-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with listening(f"\0{name}") as told:
        tell_supervisor(STOPPING)
        assert told.recv(100) == b"STOPPING=1"


def test_one_that_is_gone_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    tell_supervisor(READY)


@pytest.mark.slow
def test_a_server_tells_when_it_takes_requests_and_when_it_stops(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    with listening(str(tmp_path / "told")) as told:
        server = start_server(tmp_path / "data", environment={"NOTIFY_SOCKET": str(tmp_path / "told")})
        assert told.recv(100) == b"READY=1"
        stop_server(server)
        assert told.recv(100) == b"STOPPING=1"
