"""AWS credentials files: how keys are handed out, and how they are shown again on the same machine."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from regard.errors import RegardError


def write_credentials(file: Path, key_id: str, secret: str, region: str = "us-east-1") -> None:
    """Writes a new AWS shared-credentials file that only its owner can read, its content on disk on return.

    The region is in it too: the AWS CLI of version 1 takes none from AWS_REGION, and asks for one.
    Raises RegardError when there is a file already, which may hold other profiles, or it can't be written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RegardError(f"There is a file {file} already; name another one.") from error
    except OSError as error:
        raise RegardError(f"{file} can't be written ({error.strerror}); name another one.") from error
    with open(descriptor, "w") as out:
        out.write(
            f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\nregion = {region}\n"
        )
        out.flush()
        os.fsync(out.fileno())


def read_credentials(file: Path) -> tuple[str, str]:
    """The id and the secret of the key in an AWS credentials file, of its profile `default`.

    Raises RegardError where there is none.
    """
    content = configparser.ConfigParser(interpolation=None)
    try:
        content.read_string(file.read_text("utf-8"))
        section = content["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]
    except (OSError, ValueError, KeyError, configparser.Error) as error:
        raise RegardError(
            f"{file} is no AWS credentials file with a profile `default`; `regard keys create --credentials` "
            "writes one."
        ) from error
