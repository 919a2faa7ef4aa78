"""What a look at one part of an installation has come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from regard.settings import Settings
from regard.storage.database import Database


class Health(StrEnum):
    """How bad it is, the worse the later. NOT_YET: the first start of a server makes what isn't there. FAULT:
    a server doesn't start, or loses or refuses something.
    """

    OK = "ok"
    NOT_YET = "not yet"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Symptom:
    """`part` is what was looked at, `said` one sentence, and `advice` what to do where it isn't ok. None of
    them holds a secret.
    """

    part: str
    health: Health
    said: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """An installation. `database` is None where it can't be opened; `quick`: large files aren't read."""

    settings: Settings
    database: Database | None
    quick: bool = False


Examining = Callable[[Patient], Iterator[Symptom]]
"""Looks at one part. Raises RegardError or OSError for what is a fault by itself."""


def ok(part: str, said: str) -> Symptom:
    return Symptom(part, Health.OK, said)


def not_yet(part: str, said: str, advice: str) -> Symptom:
    return Symptom(part, Health.NOT_YET, said, advice)


def warning(part: str, said: str, advice: str) -> Symptom:
    return Symptom(part, Health.WARNING, said, advice)


def fault(part: str, said: str, advice: str) -> Symptom:
    return Symptom(part, Health.FAULT, said, advice)
