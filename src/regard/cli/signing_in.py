"""Who acts at the command line: the owner of the data folder, a key, or a person who is there."""

from __future__ import annotations

import configparser
import hmac
from pathlib import Path

import typer

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import RegardError


def caller_of(parts: Parts, key: Path | None, person: str | None) -> Caller:
    """Who acts: a key in an AWS credentials file, a person who shows a code of their second factor, or both;
    else the owner of the data folder.

    The code is asked for. Raises RegardError for a file without a key of this installation, and
    AccessDeniedException for a wrong code.
    """
    caller = LOCAL if key is None else _holder(parts, key)
    if person is None:
        return caller
    code = typer.prompt(f"The code that the telephone of {person} shows now", type=str, err=True).strip()
    named = {} if caller.person is not None else {"PersonId": person}
    opened = parts.gate.call("open_session", {"Code": code, **named}, caller)
    return parts.stores.accountability.sessions.caller(opened["SessionToken"], caller)


def _holder(parts: Parts, file: Path) -> Caller:
    """Whoever holds the key in a file, whose secret must be right, as a signature would show."""
    content = configparser.ConfigParser(interpolation=None)
    try:
        content.read_string(file.read_text("utf-8"))
        section = content["default"]
        key_id, secret = section["aws_access_key_id"], section["aws_secret_access_key"]
    except (OSError, ValueError, KeyError, configparser.Error) as error:
        raise RegardError(
            f"{file} is no AWS credentials file with a profile `default`; `regard keys create --credentials` "
            "writes one."
        ) from error
    key = parts.keys.find(key_id)
    if key is None or not hmac.compare_digest(key.secret.encode(), secret.encode()):
        raise RegardError(
            f"The key in {file} is none of this installation; `regard keys list` shows its keys."
        )
    return key.holder
