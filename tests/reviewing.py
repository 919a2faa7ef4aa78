"""An office whose searches are reviewed: an investigator, a strict gallery, reviewers, an approver."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from regard.app import Parts
from regard.caller import Caller
from regard.governance.purpose import TAG
from regard.governance.released import Released
from regard.storage.schema import collections, reviews
from tests.responsible import Office

_OFFICES = itertools.count(1)


class ReviewOffice(Office):
    """`ines` searches, `otto` enrols; `rita`, `rolf` and `rosa` review; `anna` and `axel` approve."""

    def __init__(self, parts: Parts, *, purpose: str = "law-enforcement") -> None:
        super().__init__(parts)
        self._suffix = f"-{next(_OFFICES)}"
        self.purpose = purpose
        self.person("ines", "investigator", trained="search")
        self.person("otto", "operator")
        for name in ("rita", "rolf", "rosa"):
            self.person(name, "reviewer", trained="review")
        for name in ("anna", "axel"):
            self.person(name, "approver")
        self.ines = self.key("ines", "investigator")
        self.otto = self.key("otto", "operator")
        self.case_id = self.case(self.ines, Purpose=purpose)
        self._sessions: dict[str, Caller] = {}

    def name(self, name: str) -> str:
        """What somebody of this office is called where others share its database."""
        return name + self._suffix

    def person(self, name: str, *roles: str, trained: str | None = None) -> str:
        return super().person(self.name(name), *roles, trained=trained)

    def key(self, name: str, role: str, purpose: str = "general") -> Caller:
        return super().key(self.name(name), role, purpose)

    def close(self) -> None:
        """Leaves nothing behind that the next office would find."""
        with self.parts.database.write() as connection:
            connection.execute(update(reviews).values(status="WITHDRAWN", asked=None))
            found = connection.execute(select(collections.c.collection_id)).scalars().all()
        for collection in found:
            self.call("delete_collection", self.otto, CollectionId=collection)

    def reviewer(self, name: str) -> Caller:
        """Somebody who reviews, in their session."""
        return self._session(name, "reviewer")

    def approver(self, name: str = "anna") -> Caller:
        """Somebody who approves, in their session."""
        return self._session(name, "approver")

    def _session(self, name: str, role: str) -> Caller:
        if name not in self._sessions:
            self._sessions[name] = self.verified(self.name(name), self.key(name, role))
        return self._sessions[name]

    def gallery(self, *pictures: Path, collection: str = "wanted") -> str:
        """A collection with one face of each picture, whose external id is its number and the file's name."""
        self.call("create_collection", CollectionId=collection, Tags={TAG: self.purpose})
        for number, picture in enumerate(pictures):
            self.enrol(picture, f"{number}-{picture.stem}", collection)
        return collection

    def enrol(self, picture: Path, name: str, collection: str = "wanted") -> str:
        """Enrols a picture's largest face, and answers its id."""
        answer = self.call(
            "index_faces",
            self.otto,
            CollectionId=collection,
            Image={"Bytes": picture.read_bytes()},
            ExternalImageId=name,
            MaxFaces=1,
            QualityFilter="NONE",
        )
        return str(answer["FaceRecords"][0]["Face"]["FaceId"])

    def search(self, picture: Path, collection: str = "wanted", **params: Any) -> Released:
        """What ines is answered who searches for a picture's largest face."""
        request = {"CollectionId": collection, "Image": {"Bytes": picture.read_bytes()}, **params}
        return self.parts.gate.answer("search_faces_by_image", request, self.ines, case=self.case_id)

    def review_of(self, released: Released) -> str:
        """The id of the review that an answer names."""
        return released.headers["x-regard-review"].split(";")[0]

    def take(self, name: str) -> str:
        """Somebody takes the next sheet; answers its id."""
        return str(self.call("take_review", self.reviewer(name))["ReviewId"])

    def rate(self, name: str, values: int | Sequence[int]) -> Any:
        """Somebody takes the next sheet and rates all of it alike, or one by one."""
        review = self.take(name)
        sheet = self.call("get_review_sheet", self.reviewer(name), ReviewId=review)
        numbers = sheet["Candidates"]
        given = [values] * len(numbers) if isinstance(values, int) else values
        return self.call(
            "put_ratings",
            self.reviewer(name),
            ReviewId=review,
            Ratings=[{"Number": n, "Value": v} for n, v in zip(numbers, given, strict=True)],
        )

    def lead(self, picture: Path) -> tuple[str, int]:
        """Searches for a picture and has every candidate made a lead; the review and the first number."""
        review = self.review_of(self.search(picture))
        self.rate("rita", 3)
        self.rate("rolf", 2)
        return review, 1

    def evidence(self, review: str, number: int, **changes: Any) -> str:
        """Adds a witness's statement, and answers its id."""
        item: Mapping[str, Any] = {
            "Kind": "WITNESS",
            "Description": "A neighbour recognized him by name.",
            "Independent": True,
            **changes,
        }
        made = self.call(
            "add_evidence", self.ines, CaseId=self.case_id, ReviewId=review, Number=number, **item
        )
        return str(made["EvidenceId"])

    def status(self, review: str, number: int = 1) -> str:
        """What is held of a candidate."""
        found = self.call("get_review", self.ines, ReviewId=review)
        return str(found["Candidates"][number - 1]["Status"])

    def last_record(self) -> dict[str, Any]:
        """The newest audit record."""
        *_, record = self.parts.audit.export()
        return record
