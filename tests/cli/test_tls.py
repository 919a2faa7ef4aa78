"""`regard tls make`, and a server that is asked for TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.x509 import SubjectAlternativeName, load_pem_x509_certificate
from typer.testing import CliRunner

from regard.cli import app
from regard.cli.server import serve
from regard.cli.tls import how_to_trust
from regard.errors import RegardError
from regard.wire.certificates import LocalAuthority


def test_a_certificate_is_made_and_trusting_it_explained(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["tls", "make", "vision.local", "--data", str(tmp_path)])
    assert done.exit_code == 0
    authority = LocalAuthority.of(tmp_path)
    assert authority.exists
    assert str(authority.root) in done.output


def test_the_certificate_is_for_the_hosts_of_a_proxy_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGARD_PUBLIC_HOSTS", "vision.example.org:8443,[::2]")
    assert CliRunner().invoke(app, ["tls", "make", "--data", str(tmp_path)]).exit_code == 0
    made = load_pem_x509_certificate(LocalAuthority.of(tmp_path).files.certificate.read_bytes())
    names = made.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert [str(name.value) for name in names][-2:] == ["vision.example.org", "::2"]


def test_where_there_is_one_it_is_kept_if_asked(tmp_path: Path) -> None:
    command = ["tls", "make", "--if-missing", "--data", str(tmp_path)]
    CliRunner().invoke(app, command)
    first = LocalAuthority.of(tmp_path).root.read_bytes()
    assert CliRunner().invoke(app, command).output == ""
    assert LocalAuthority.of(tmp_path).root.read_bytes() == first


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_platform_has_its_own_way_to_trust(platform: str) -> None:
    lines = how_to_trust(Path("/data dir/tls/ca.pem"), platform)
    assert all("/data dir/tls/ca.pem" in line for line in lines)


def test_a_server_that_is_asked_for_tls_says_where_a_certificate_comes_from(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="regard tls make"):
        serve(port=0, tls_port=0, data=tmp_path)
    assert not LocalAuthority.of(tmp_path).exists
    with pytest.raises(RegardError, match="both --tls-cert and --tls-key"):
        serve(port=0, tls_cert=tmp_path / "one.pem", data=tmp_path)
