"""The stores of reviews alone, on a database of their own: no gate, and no model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regard.governance.audit import AuditLog
from regard.governance.cases import ATTESTATIONS, Cases, NewCase
from regard.governance.examination.examination import Examination
from regard.governance.examination.records import NewReview, NewReviewCandidate, Review, SearchedGallery
from regard.governance.people import People
from regard.governance.profiles import load_profiles
from regard.storage.database import Database
from regard.storage.encryption import Cipher

REVIEWERS = ("rita", "rolf", "rosa", "remi")
CANDIDATES = 2


class Desk:
    """The stores of reviews on a database of their own, with a case and its people."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.database = Database.open(folder, url)
        self.audit = AuditLog(self.database)
        self.stores = Examination.of(self.database, self.audit, Cipher(folder), load_profiles("").rules)
        people = People(self.database)
        self.ids = {name: people.add(name, ["reviewer"]).person_id for name in REVIEWERS}
        self.ids["ines"] = people.add("ines", ["investigator"]).person_id
        new = NewCase(
            reference="1",
            purpose="law-enforcement",
            basis="law",
            justification="a robbery",
            attested=ATTESTATIONS,
            members=[],
        )
        self.case = Cases(self.database).open(new, self.ids["ines"]).case_id

    def new(self) -> NewReview:
        return NewReview(
            case_id=self.case,
            operation="search_faces_by_image",
            purpose="law-enforcement",
            scope="faces/1",
            probe="a" * 64,
            probe_picture=b"probe",
            quality=None,
            gallery=SearchedGallery(model="2.0"),
            threshold=99,
            searcher=self.ids["ines"],
            request_id="r",
            candidates=[
                NewReviewCandidate(similarity=99 + n / 10, subject=f"box/{n}", entry={}, picture=b"face")
                for n in range(CANDIDATES)
            ],
        )

    @contextmanager
    def searching(self, new: NewReview | None = None) -> Iterator[Any]:
        with self.stores.reviews.opening(new or self.new()) as opening:
            opening.record = self.audit.append_within(
                opening.connection, {"time": "now", "review": "R"}
            ).sequence
            yield opening

    def search(self, new: NewReview | None = None) -> Review | None:
        with self.searching(new) as opening:
            found: Review | None = opening.review
        return found
