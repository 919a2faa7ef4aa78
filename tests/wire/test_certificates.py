"""Certificates of the TLS listener."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key

from regard.errors import RegardError
from regard.wire.certificates import LOCAL_NAMES, CertificateFiles, LocalAuthority
from tests.waiting import PATIENCE


@pytest.fixture
def authority(tmp_path: Path) -> LocalAuthority:
    made = LocalAuthority.of(tmp_path)
    made.make([*LOCAL_NAMES, "vision.example.org"])
    return made


def greet(authority: LocalAuthority, name: str, trusted: Path) -> str:
    """The protocol in which a client that trusts one certificate reaches the server of another as `name`."""
    context = ssl.create_default_context(cafile=str(trusted))
    here, there = socket.socketpair()
    here.settimeout(PATIENCE)
    there.settimeout(PATIENCE)

    def serve() -> None:
        try:
            with authority.files.context().wrap_socket(there, server_side=True) as peer:
                peer.recv(1)
        except (OSError, ssl.SSLError):
            there.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with context.wrap_socket(here, server_hostname=name) as peer:
            peer.sendall(b"x")
            return peer.version() or ""
    finally:
        here.close()
        server.join()


@pytest.mark.parametrize("name", [*LOCAL_NAMES, "vision.example.org"])
def test_who_trusts_the_authority_believes_each_name(authority: LocalAuthority, name: str) -> None:
    assert greet(authority, name, authority.root) == "TLSv1.3"


def test_another_name_is_not_believed(authority: LocalAuthority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(authority, "elsewhere.example.org", authority.root)


def test_another_authority_of_the_same_names_is_not_believed(
    authority: LocalAuthority, tmp_path: Path
) -> None:
    other = LocalAuthority.of(tmp_path / "other")
    other.make(LOCAL_NAMES)
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(authority, "localhost", other.root)


def test_the_key_is_its_owners_alone_and_the_authoritys_is_kept_nowhere(authority: LocalAuthority) -> None:
    assert authority.files.key.stat().st_mode & 0o777 == 0o600
    assert authority.folder.stat().st_mode & 0o777 == 0o700
    root = x509.load_pem_x509_certificate(authority.root.read_bytes())
    keys = [file for file in authority.folder.iterdir() if b"PRIVATE" in file.read_bytes()]
    assert keys == [authority.files.key]
    kept = load_pem_private_key(keys[0].read_bytes(), None).public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert kept.public_bytes(*form) != root.public_key().public_bytes(*form)


def test_the_authority_says_itself_that_it_is_for_these_names_alone(authority: LocalAuthority) -> None:
    root = x509.load_pem_x509_certificate(authority.root.read_bytes())
    extension = root.extensions.get_extension_for_class(x509.NameConstraints)
    permitted = [str(one.value) for one in extension.value.permitted_subtrees or ()]
    assert extension.critical
    assert permitted == ["localhost", "127.0.0.1/32", "::1/128", "vision.example.org"]


def test_a_certificate_lasts_as_long_as_apples_systems_allow(authority: LocalAuthority) -> None:
    made = x509.load_pem_x509_certificate(authority.files.certificate.read_bytes())
    assert made.not_valid_before_utc < datetime.now(UTC)
    assert timedelta(days=800) < made.not_valid_after_utc - made.not_valid_before_utc < timedelta(days=825)


@pytest.mark.parametrize("name", ["", "a b", "*", "-a.example", "1.2.3", "https://localhost", "a/b", "a:80"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="neither a host's name nor an address"):
        LocalAuthority.of(tmp_path).make([name])
    assert not LocalAuthority.of(tmp_path).exists


def test_files_that_are_no_pair_are_named(authority: LocalAuthority, tmp_path: Path) -> None:
    other = LocalAuthority.of(tmp_path / "other")
    other.make(LOCAL_NAMES)
    with pytest.raises(RegardError, match="can't be used as a certificate and its key"):
        CertificateFiles(authority.files.certificate, other.files.key).context()
    with pytest.raises(RegardError, match="No such file"):
        CertificateFiles(tmp_path / "none.pem", other.files.key).context()


def test_a_key_with_a_password_is_refused_and_asks_nobody(authority: LocalAuthority) -> None:
    key = load_pem_private_key(authority.files.key.read_bytes(), None)
    authority.files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    with pytest.raises(RegardError, match="without a password"):
        authority.files.context()
