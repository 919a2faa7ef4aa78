"""Secrets in files: `REGARD_DATABASE_FILE` beside `REGARD_DATABASE`.

Compose, Kubernetes and systemd hand secrets over as files, which fewer may read than an environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from regard.errors import RegardError

_BYTES: Final = 65_536  # no secret comes near


def read_secret(environ: Mapping[str, str], variable: str) -> str | None:
    """What is in the file that `<variable>_FILE` names, without line breaks at its end; None without a file.

    Raises RegardError, which names the variable and never the content, where the file can't be read, is empty
    or no text.
    """
    name = f"{variable}_FILE"
    if not (file := environ.get(name)):
        return None
    try:
        with open(os.path.expanduser(file), "rb") as stream:
            content = stream.read(_BYTES + 1)
        if len(content) > _BYTES:
            raise RegardError(f"The file that {name} names is too large to be a secret.")
        secret = content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise RegardError(f"The file that {name} names can't be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise RegardError(f"The file that {name} names is no text.") from None
    if not secret:
        raise RegardError(f"The file that {name} names is empty.")
    return secret
