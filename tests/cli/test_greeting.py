"""What a server says to whoever has started it."""

from __future__ import annotations

import socket

import pytest

from regard.app import Parts
from regard.cli.greeting import greet


def said(parts: Parts, capsys: pytest.CaptureFixture[str]) -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        greet(parts, listener, None, None)
    return capsys.readouterr().err


def test_a_first_start_names_the_key_that_it_made_and_its_folder(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    data = parts.settings.data.absolute()
    told = said(parts, capsys)
    assert f"AWS_SHARED_CREDENTIALS_FILE={data}/credentials AWS_REGION=" in told
    assert f"Its data folder is {data};" in told
    assert (data / "credentials").exists()
