"""What is reached, and by which others reach this server: ports, certificates, addresses, buckets."""

from __future__ import annotations

import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from regard.doctor.symptom import Patient, Symptom, fault, ok, warning
from regard.settings import Settings
from regard.storage.buckets.objects import parse_folders
from regard.wire.certificates import CertificateFiles, LocalAuthority
from regard.wire.listeners import authority

_SECONDS: Final = 3.0  # that anybody else has to answer
_SOON: Final = timedelta(days=21)
_RENEW: Final = "Renew it and restart the server; `regard tls make` makes one for this machine."


def examine_ports(patient: Patient) -> Iterator[Symptom]:
    """Whether each port is free, or a server of Regard is on it."""
    settings = patient.settings
    ports = {"port": settings.port, "public port": settings.public_port}
    if _certificate(settings) is not None:
        ports["TLS port"] = settings.tls_port
    for part, port in ports.items():
        if port:
            yield _examine_port(part, settings.host, port)


def _examine_port(part: str, host: str, port: int) -> Symptom:
    where = authority(host, port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror
        else:
            return ok(part, f"{where} is free: no server runs there.")
    version = None if part != "port" else version_at(host, port)
    if version is not None:
        return ok(part, f"Regard {version} answers on {where}.")
    if part != "port":
        return ok(part, f"Something listens on {where}; the server, where one runs.")
    return fault(
        part,
        f"{where} can't be listened on ({reason}), and it is no Regard that is there.",
        "Choose another with --port and --host (REGARD_PORT, REGARD_HOST), or stop what is there.",
    )


def version_at(host: str, port: int) -> str | None:
    """The version of the Regard that answers there; None where none does."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is bound, as read
    try:
        url = f"http://{authority(reached, port)}/healthz"
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            told = json.load(answer)
        return str(told["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _certificate(settings: Settings) -> CertificateFiles | None:
    if settings.tls_cert is not None and settings.tls_key is not None:
        return CertificateFiles(Path(settings.tls_cert), Path(settings.tls_key))
    local = LocalAuthority.of(settings.data)
    return local.files if local.exists else None


def examine_certificate(patient: Patient) -> Iterator[Symptom]:
    """The certificate of the TLS listener."""
    files = _certificate(patient.settings)
    if files is None:
        yield ok("certificate", "There is none: TLS is left to a proxy.")
        return
    files.context()
    expires = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0].not_valid_after_utc
    yield _by_expiry("certificate", f"{files.certificate}", expires, _RENEW)


def _by_expiry(part: str, named: str, expires: datetime, advice: str) -> Symptom:
    left = expires - datetime.now(UTC)
    if left < timedelta(0):
        return fault(part, f"{named} expired on {expires:%Y-%m-%d}.", advice)
    said = f"{named} is good until {expires:%Y-%m-%d}."
    return warning(part, said, advice) if left < _SOON else ok(part, said)


def examine_public_url(patient: Patient) -> Iterator[Symptom]:
    """Whether the console's address leads somewhere, and how long its certificate is good."""
    url = patient.settings.public_url
    if url is None:
        yield ok("public address", "REGARD_PUBLIC_URL is unset: browsers elsewhere can't sign in.")
        return
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), _SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            told = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield fault(
            "public address",
            f"The certificate at {authority(host, port)} is not believed: {error.verify_message}.",
            "Renew the proxy's certificate; one of your own authority must be among those that this machine "
            "trusts.",
        )
        return
    except OSError as error:
        yield warning(
            "public address",
            f"{authority(host, port)} of REGARD_PUBLIC_URL can't be reached from here "
            f"({error.strerror or error}).",
            "Check its name, the proxy and the firewall, unless it is only reached from elsewhere.",
        )
        return
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    named = f"The certificate at {authority(host, port)}"
    yield _by_expiry("public address", named, expires, "Renew the proxy's certificate.")


def examine_buckets(patient: Patient) -> Iterator[Symptom]:
    """Folders that are served as buckets, and the S3 endpoint of all others."""
    settings = patient.settings
    folders = parse_folders(settings.buckets)
    for name, folder in folders.items():
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            yield fault(
                "bucket",
                f"The folder {folder} of the bucket {name} can't be read.",
                "Make it, or let the server's user read it (REGARD_BUCKETS).",
            )
        else:
            yield ok("bucket", f"{name} is the folder {folder}.")
    if settings.s3_endpoint is not None:
        yield _examine_s3(settings.s3_endpoint)
    elif not folders:
        yield ok("bucket", "None: pictures come in requests alone.")


def _examine_s3(endpoint: str) -> Symptom:
    """Any answer is one, also a refusal: which buckets a key may read is for S3 to say."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    where = (
        "AWS"
        if endpoint == "aws"
        else authority(urlsplit(endpoint).hostname or "", urlsplit(endpoint).port or 443)
    )
    config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 1})
    try:
        client = boto3.client("s3", endpoint_url=None if endpoint == "aws" else endpoint, config=config)
        client.list_buckets()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
            return fault(
                "bucket",
                f"S3 at {where} refuses the credentials ({code}).",
                "Renew the server's AWS_* variables.",
            )
        return ok("bucket", f"S3 at {where} answers ({code}).")
    except NoCredentialsError:
        return fault(
            "bucket", f"There are no credentials for S3 at {where}.", "Set the server's AWS_* variables."
        )
    except (BotoCoreError, ValueError):
        return fault(
            "bucket",
            f"S3 at {where} can't be reached.",
            "Check REGARD_S3_ENDPOINT, the network and AWS_REGION.",
        )
    return ok("bucket", f"S3 at {where} answers.")
