"""Where a log is replayed from: the database, or a file that `regard audit export` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from regard.errors import RegardError
from regard.governance.audit import pages_within
from regard.governance.chain import write_record
from regard.governance.rules.rule import LogRecord


def records_within(connection: Connection) -> Iterator[LogRecord]:
    """The records that a transaction sees."""
    with closing(pages_within(connection)) as pages:
        for page in pages:
            for sequence, text, claimed in page:
                yield LogRecord(sequence, claimed, text, _said(text))


def records_in(file: Path) -> Iterator[LogRecord]:
    """The records of an exported log. Raises RegardError for a file that is none."""
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _exported(line, file, number)
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RegardError(f"{file} is no exported audit log: it is not UTF-8.") from error


def _exported(line: str, file: Path, number: int) -> LogRecord:
    try:
        said = json.loads(line)
        sequence, claimed = said.pop("sequence"), said.pop("hash")
        text = write_record(said)
        text.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RegardError(f"{file} is no exported audit log: see its line {number}.") from error
    if type(sequence) is not int or type(claimed) is not str:
        raise RegardError(f"{file} is no exported audit log: see its line {number}.")
    return LogRecord(sequence, claimed, text, said)


def _said(text: str) -> dict[str, Any]:
    """What a record says; nothing where it was changed to what says nothing, which its hash shows."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
