"""An investigator who has videos searched, and an approver: what tests of authorized searches share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from regard.app import Parts
from regard.caller import Caller
from regard.jobs.records import Job
from regard.jobs.worker import Worker
from regard.storage.clock import milliseconds
from regard.storage.schema import authorizations, job_items, jobs
from tests.responsible import Office

DOCUMENT = {
    "Issuer": "District Court",
    "Number": "22 Gs 17/26",
    "Digest": "ab" * 32,
    "Issued": datetime.now(UTC) - timedelta(days=1),
}
FOUND = [[99.9], [99.5]]


@dataclass
class Bureau:
    """An investigator on a case, an approver, and a strict collection."""

    office: Office
    parts: Parts
    worker: Worker
    ines: Caller
    anna: Caller
    case: str

    def asked(self, basis: str = "warrant", **changes: Any) -> str:
        facts = {"Grounds": "Shots were fired."} if basis == "exigency" else {}
        request = {"CaseId": self.case, "Basis": basis, "CollectionId": "c", "Videos": ["videos/a.mp4"]}
        made = self.office.call("request_authorization", self.ines, **{**request, **facts, **changes})
        return str(made["AuthorizationId"])

    def authorized(self, **changes: Any) -> str:
        asked = self.asked(**changes)
        self.office.call("approve_authorization", self.anna, AuthorizationId=asked, **DOCUMENT)
        return asked

    def start(self, video: dict[str, Any], caller: Caller | None = None) -> str:
        started = self.office.call(
            "start_face_search", caller or self.ines, self.case, CollectionId="c", Video=video
        )
        return str(started["JobId"])

    def job(self, job_id: str) -> Job:
        found = self.parts.stores.jobs.find(job_id)
        assert found is not None
        return found

    def matches(self, job_id: str, caller: Caller | None = None, case: str | None = None) -> Any:
        answer = self.office.call("get_face_search", caller or self.ines, case or self.case, JobId=job_id)
        found = [match for one in answer["Persons"] for match in one.get("FaceMatches", [])]
        assert all(match["Face"]["ExternalImageId"].startswith("PENDING_REVIEW:") for match in found)
        return [len(one.get("FaceMatches", [])) for one in answer["Persons"]]

    def kept(self, job_id: str) -> int:
        """How many items of a job are in the database."""
        query = select(job_items.c.number).join(jobs, jobs.c.row == job_items.c.job)
        with self.parts.database.read() as connection:
            return len(connection.execute(query.where(jobs.c.job_id == job_id)).all())

    def set(self, authorization_id: str, **values: int) -> None:
        """Moves the times of an authorization, as if the clock had moved."""
        with self.parts.database.write() as connection:
            connection.execute(
                update(authorizations)
                .where(authorizations.c.authorization_id == authorization_id)
                .values(values)
            )

    def lapse(self, authorization_id: str) -> None:
        past = milliseconds() - 1
        self.set(authorization_id, ask_by=past, decide_by=past)

    def records(self, job_id: str) -> list[dict[str, Any]]:
        return [record for record in self.parts.audit.export() if record.get("job") == job_id]
