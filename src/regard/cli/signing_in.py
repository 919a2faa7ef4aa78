"""Who acts at the command line: the owner of the data folder, a key, or a person who is there."""

from __future__ import annotations

from pathlib import Path

import typer

from regard.app import Parts, shown_key
from regard.caller import LOCAL, Caller


def caller_of(parts: Parts, key: Path | None, person: str | None) -> Caller:
    """Who acts: a key in an AWS credentials file, a person who shows a code of their second factor, or both;
    else the owner of the data folder.

    The code is asked for. Raises RegardError for a file without a key of this installation, and
    AccessDeniedException for a wrong code.
    """
    caller = LOCAL if key is None else shown_key(parts, key)
    if person is None:
        return caller
    code = typer.prompt(f"The code that the telephone of {person} shows now", type=str, err=True).strip()
    named = {} if caller.person is not None else {"PersonId": person}
    opened = parts.gate.call("open_session", {"Code": code, **named}, caller)
    return parts.stores.accountability.sessions.caller(opened["SessionToken"], caller)
