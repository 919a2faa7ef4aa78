"""Authorizations in tests: a clock that is set, and what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regard.governance.authorizations.records import FACTS, Document, Ground, Scope
from regard.governance.authorizations.requests import NewAuthorization
from regard.governance.cases import ATTESTATIONS, Cases, NewCase
from regard.governance.people import People
from regard.storage.database import Database

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_796_000_000_000  # milliseconds since the epoch, in November 2026
VIDEO = "evidence/yard.mp4"


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: int = START

    def __call__(self) -> int:
        return self.now


def case_of(database: Database, investigator: str) -> str:
    """A new case of somebody, who is added where they aren't there yet."""
    return (
        Cases(database)
        .open(
            NewCase(
                reference="2026/4711",
                purpose="law-enforcement",
                basis="Criminal Procedure, section 100",
                justification="The robber was filmed.",
                attested=ATTESTATIONS,
                members=[],
            ),
            investigator,
        )
        .case_id
    )


def person_of(database: Database, name: str, role: str) -> str:
    return People(database).add(name, [role]).person_id


def wanted(case_id: str, basis: Ground = Ground.WARRANT, **changes: Any) -> NewAuthorization:
    """An authorization that is asked for, of one video unless `changes` say otherwise."""
    scope = {"videos": (VIDEO,)} | {
        name: changes.pop(name) for name in ("cameras", "videos", "faces") if name in changes
    }
    starts_at_once = basis in (Ground.EXIGENCY, Ground.FIRST_IDENTIFICATION)
    facts: dict[str, Any] = {"grounds": "Shots were fired in the yard."} if starts_at_once else {}
    if basis is Ground.FIRST_IDENTIFICATION:
        facts["attested"] = FACTS
    return NewAuthorization(
        **{
            "case_id": case_id,
            "purpose": "law-enforcement",
            "basis": basis,
            "scope": Scope(collection_id="wanted", collection_row=7, **scope),
            **facts,
            **changes,
        }
    )


def document(**changes: Any) -> Document:
    """What an authority issued the day before."""
    values = {"issuer": "District Court", "number": "22 Gs 17/26", "digest": "ab" * 32, "issued": START - DAY}
    return Document(**{**values, **changes})
