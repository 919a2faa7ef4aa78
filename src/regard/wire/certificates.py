"""Certificates of the TLS listener: those that a site gives, and a local authority's for a laptop or a test.

A local authority's key signs one certificate and is forgotten, so that a browser that trusts the authority
trusts nothing that anybody could make later. Its name constraints (RFC 5280, 4.2.1.10) say so to whoever
reads it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from regard.errors import RegardError

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
VALIDITY: Final = timedelta(days=820)  # Apple's systems refuse server certificates of more than 825 days
_CLOCKS: Final = timedelta(hours=1)  # that other machines' clocks may be behind
_HOST: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a server's certificate and its key are, PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a listener encrypts with, TLS 1.2 or newer. Raises RegardError when the files are no pair."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key, password=_refuse_password)
        except (OSError, ssl.SSLError) as error:
            reason = "they are no such pair" if isinstance(error, ssl.SSLError) else error.strerror
            raise RegardError(
                f"{self.certificate} and {self.key} can't be used as a certificate and its key, PEM, without "
                f"a password ({reason})."
            ) from error
        return context


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """The files that `regard tls make` leaves in a data folder."""

    folder: Path

    @classmethod
    def of(cls, data: Path) -> LocalAuthority:
        return cls(data / "tls")

    @property
    def root(self) -> Path:
        """The authority's certificate, which browsers must trust."""
        return self.folder / "ca.pem"

    @property
    def files(self) -> CertificateFiles:
        return CertificateFiles(self.folder / "certificate.pem", self.folder / "key.pem")

    @property
    def exists(self) -> bool:
        return self.files.certificate.exists() and self.files.key.exists()

    def make(self, names: Sequence[str], *, now: datetime | None = None) -> None:
        """Makes an authority and a certificate for `names`, hosts and addresses, in place of older ones.

        The certificate's key is readable to its owner alone. Raises RegardError for a name that is none, and
        when the folder can't be written.
        """
        subjects = [subject_of(name) for name in dict.fromkeys(names)]
        content = _issue(subjects, now or datetime.now(UTC))
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            places = ((self.files.key, 0o600), (self.files.certificate, 0o644), (self.root, 0o644))
            for (file, mode), text in zip(places, content, strict=True):
                _replace(file, text, mode)
        except OSError as error:
            raise RegardError(f"{self.folder} can't be written ({error.strerror}).") from error


def subject_of(name: str) -> x509.GeneralName:
    """A host's name or an address as certificates have it. Raises RegardError."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if not _HOST.fullmatch(name.lower()) or name.replace(".", "").isdigit():
        raise RegardError(f"{name[:80]!r} is neither a host's name nor an address.")
    return x509.DNSName(name.lower())


def _issue(subjects: Sequence[x509.GeneralName], now: datetime) -> tuple[bytes, bytes, bytes]:
    """The certificate's key, the certificate, and its authority's, PEM."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, subjects, now)
    certificate = (
        _begin(key.public_key(), _named("Regard"), authority.subject, now)
        .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret, certificate.public_bytes(pem), authority.public_bytes(pem)


def _authority(
    key: ec.EllipticCurvePrivateKey, subjects: Sequence[x509.GeneralName], now: datetime
) -> x509.Certificate:
    name = _named(f"Regard local authority, {now:%Y-%m-%d}")
    return (
        _begin(key.public_key(), name, name, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.NameConstraints([_constraint(one) for one in subjects], None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _begin(
    key: ec.EllipticCurvePublicKey, subject: x509.Name, issuer: x509.Name, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _constraint(subject: x509.GeneralName) -> x509.GeneralName:
    """An address is constrained to its network, which is the address alone."""
    if isinstance(subject, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(str(subject.value)))
    return subject


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _replace(file: Path, content: bytes, mode: int) -> None:
    """Written beside its place first, so that no server reads half of it."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
    beside.replace(file)


def _refuse_password() -> str:
    """A key with a password would make OpenSSL ask on the terminal, and a service has none."""
    return ""
