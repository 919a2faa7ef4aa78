"""`regard.client()`: boto3's own clients, answered in this process instead of over the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import RegardError

_CASE_LENGTH = 256  # of the HTTP header, too


def client(
    data: str | Path | None = None,
    *,
    service: str = "rekognition",
    case: str | None = None,
    key: str | Path | None = None,
    **settings: Any,
) -> Any:
    """A `boto3.client("rekognition")` whose calls go through the gate of this process.

    Methods, arguments, answers, exceptions and paginators are boto3's: it is boto3's client. With the
    `service` `regard` it has the operations that Rekognition doesn't have. `data` is the data folder
    (REGARD_DATA, else ./data); `settings` are further fields of `regard.settings.Settings`; `case` is the
    case reference for the audit log, 1 to 256 printable ASCII characters. `key` is an AWS credentials file
    with the key that acts; without one it is the owner of the data folder. AWS profiles, configuration files
    and credentials on this machine are not read. Raises RegardError when there is no such service, or
    the folder or the models can't be opened.
    """
    from regard.loopback import (
        open_client,  # what it imports takes a second, which `import regard` should not
    )

    check_case(case, "case")
    folder, file = (None if path is None else Path(path) for path in (data, key))
    return open_client(folder, service, case, file, settings)


def check_case(case: str | None, name: str) -> None:
    """Raises RegardError, naming the option, for a case reference that HTTP would refuse too."""
    if case is not None and not (0 < len(case) <= _CASE_LENGTH and case.isascii() and case.isprintable()):
        raise RegardError(f"{name} must be 1 to {_CASE_LENGTH} printable ASCII characters.")
