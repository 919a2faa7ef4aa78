"""A collection that takes consent, and who keeps the consents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.responsible import Office

from regard.app import Parts
from regard.caller import Caller

EVIDENCE = "ab" * 32
AGREED = {"TextVersion": "2026-01", "Form": "WRITTEN", "Digest": EVIDENCE}


@dataclass(frozen=True, slots=True)
class Clinic:
    """A collection `members` whose faces take consent, and Petra, who protects privacy."""

    office: Office
    petra: Caller
    face: bytes

    def consent(self, subject: str, **changes: Any) -> Any:
        """Records that somebody agreed a minute ago."""
        given = datetime.now(UTC) - timedelta(minutes=1)
        return self.office.call(
            "put_consent",
            self.petra,
            **{"CollectionId": "members", "Subject": subject, "GivenAt": given, **AGREED, **changes},
        )

    def enrol(self, subject: str | None = None, **changes: Any) -> Any:
        """Enrols the portrait as somebody's face, as the owner of the data folder."""
        named = {} if subject is None else {"ExternalImageId": subject}
        request = {"CollectionId": "members", "Image": {"Bytes": self.face}, **named, **changes}
        return self.office.call("index_faces", **request)

    def faces(self) -> list[Any]:
        """The faces of the collection."""
        return list(self.office.call("list_faces", CollectionId="members")["Faces"])


@pytest.fixture
def office(parts: Parts) -> Office:
    return Office(parts)


@pytest.fixture
def clinic(office: Office, portrait: Path) -> Clinic:
    office.person("petra", "privacy")
    office.call("create_collection", CollectionId="members", Tags={"regard:consent": "required"})
    return Clinic(office, office.session("petra", "privacy"), portrait.read_bytes())


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time go by, as what keeps consents and faces reads it."""

    def go(by: timedelta) -> None:
        ahead = round(by.total_seconds() * 1000)
        for module in ("regard.operations.subjects", "regard.governance.privacy.consents"):
            monkeypatch.setattr(f"{module}.milliseconds", lambda: now() + ahead)

    from regard.storage.clock import milliseconds as now

    return go
