"""Where a log is replayed from: the database, or a file that `regard audit export` wrote."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from regard.errors import RegardError
from regard.governance.audit import pages_within
from regard.governance.chain import write_record
from regard.governance.rules.rule import LogRecord
from regard.storage.schema import audit

_PAGE: Final = 500  # records that one query names by their numbers


def records_within(connection: Connection) -> Iterator[LogRecord]:
    """The records that a transaction sees."""
    with closing(pages_within(connection)) as pages:
        for page in pages:
            for sequence, text, claimed in page:
                yield LogRecord(sequence, claimed, text, _said(text))


def record_times(connection: Connection, sequences: Collection[int]) -> dict[int, str]:
    """When the records of these numbers were made, in ISO 8601; "" of one that tells no time."""
    found: dict[int, str] = {}
    numbers = sorted(sequences)
    for start in range(0, len(numbers), _PAGE):
        part = numbers[start : start + _PAGE]
        query = select(audit.c.sequence, audit.c.record).where(audit.c.sequence.in_(part))
        for sequence, text in connection.execute(query):
            found[sequence] = str(_said(text).get("time", ""))
    return found


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
