"""A town under strict purposes whose people do what they like, through the gate, in any order.

Each town is a copy of one that was made beforehand, so that a sequence of acts costs a fraction of a second.
What models find in its two pictures is found once for all towns.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.responsible import CASE, Office

from regard.app import Parts, build, declared_operations
from regard.caller import LOCAL, Caller
from regard.context import silent
from regard.errors import ServiceError
from regard.governance.purpose import TAG
from regard.settings import Settings
from regard.vision.findings import Pictures
from regard.vision.models import Models

ROLES: Final = {
    "ines": "investigator",
    "ivan": "investigator",  # who was never trained
    "otto": "operator",
    "rita": "reviewer",
    "rolf": "reviewer",
    "rosa": "reviewer",
    "anna": "approver",
    "axel": "approver",
    "petra": "privacy",
    "adam": "admin",
}
TRAINED: Final = {"ines": "search", "rita": "review", "rolf": "review", "rosa": "review"}
WANTED, AGREED = "wanted", "agreed"
_VIDEO: Final = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
_DOCUMENT: Final = {"Issuer": "District Court", "Number": "22 Gs 17/26", "Digest": "ab" * 32}


@dataclass(frozen=True)
class Template:
    """A town as it begins: its folder, its people's ids and keys, a case, two faces, photos of two people."""

    folder: Path
    ids: dict[str, str]
    keys: dict[str, str]
    case: str
    faces: list[str]
    pictures: Pictures
    photos: Sequence[bytes]

    @classmethod
    def make(cls, folder: Path, models: Models, photos: Sequence[bytes]) -> Template:
        (folder / "films").mkdir(parents=True)
        (folder / "films" / "film.mp4").write_bytes(b"never opened")
        town = folder / "town"
        parts = _built(town, folder)
        office = Office(parts)
        ids = {name: office.person(name, role, trained=TRAINED.get(name)) for name, role in ROLES.items()}
        keys = {name: office.key(name, role).key_id for name, role in ROLES.items()}
        strict = {TAG: "law-enforcement"}
        office.call("create_collection", CollectionId=WANTED, Tags=strict)
        office.call("create_collection", CollectionId=AGREED, Tags=strict | {"regard:consent": "required"})
        case = office.case(office.holder(keys["ines"]))
        pictures = Pictures(models)
        faces = []
        for external in ("ann", "bob"):  # two faces of one person: a search of theirs finds both
            request = {
                "CollectionId": WANTED,
                "Image": {"Bytes": photos[0]},
                "ExternalImageId": external,
                "MaxFaces": 1,
            }
            otto = office.holder(keys["otto"])
            [found] = parts.gate.call("index_faces", request, otto, pictures=pictures)["FaceRecords"]
            faces.append(found["Face"]["FaceId"])
        parts.close()
        return cls(folder, ids, keys, case, faces, pictures, photos)

    @contextmanager
    def town(self) -> Iterator[Parts]:
        """A town of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            shutil.copytree(self.folder / "town", Path(place) / "town")
            parts = _built(Path(place) / "town", self.folder)
            try:
                yield parts
            finally:
                parts.close()


def _built(town: Path, folder: Path) -> Parts:
    return build(Settings.load({}, data=town, buckets=f"films={folder / 'films'}"), has_models=False)


people = st.sampled_from(sorted(ROLES))
roles = st.sampled_from(sorted(set(ROLES.values())))
photo = st.integers(0, 1)
places = st.integers(0, 5)
"""Which of those that there are by then. What is drawn doesn't depend on what came before, whose ids are
random: Hypothesis would find the acts flaky.
"""
gallery = st.sampled_from((WANTED, WANTED, WANTED, AGREED))
reason = {"Reason": "it had to be"}


def picked(there: Sequence[str], nth: int) -> str:
    """One of them, counted from the newest; a name of nothing where there are none."""
    return there[-1 - nth % len(there)] if there else "nothing"


class Acts(RuleBasedStateMachine):
    """Anybody tries anything, and whatever the gate lets be, the rules of the log must allow."""

    template: Template

    def __init__(self) -> None:
        super().__init__()
        self._town = self.template.town()
        self.parts = self._town.__enter__()
        self.cases = [self.template.case]
        self.reviews: list[str] = []
        self.authorizations: list[str] = []
        self.evidence: list[str] = []
        self.consents: list[str] = []
        self.faces = [*self.template.faces]
        self.jobs: list[str] = []

    def teardown(self) -> None:
        """Replays the log, and holds the tables to it."""
        try:
            asked = {"Operations": declared_operations(), "Known": None}
            found = self.parts.gate.call("check_audit_rules", asked, LOCAL, report=silent)
            assert found["Violations"] == []
            assert found["Unexplained"] == []
            assert self.parts.gate.call("verify_audit_log", {}, LOCAL)["Intact"]
        finally:
            self._town.__exit__(None, None, None)

    def caller(self, name: str, *, is_there: bool) -> Caller:
        """Somebody with their key, and in a session that was opened just now where they are there."""
        key = self.parts.keys.find(self.template.keys[name])
        assert key is not None
        caller = key.holder
        if not is_there or caller.person is None:
            return caller
        sessions = self.parts.stores.accountability.sessions
        try:
            return sessions.caller(sessions.open(caller.person, caller.key_id).token, caller)
        except ServiceError:  # suspended, so that there is no session
            return caller

    def act(
        self, operation: str, name: str, *, case: str | None = None, is_there: bool = True, **params: Any
    ) -> dict[str, Any]:
        """What somebody is answered; {} where they are refused."""
        with suppress(ServiceError):
            caller = self.caller(name, is_there=is_there)
            pictures = self.template.pictures
            return self.parts.gate.call(operation, params, caller, case=case, pictures=pictures)
        return {}

    def keep(self, kept: list[str], answer: dict[str, Any], member: str) -> None:
        if member in answer:
            kept.append(answer[member])

    @rule(
        by=st.sampled_from(("adam", "adam", "anna", "ines")),
        whom=people,
        what=st.sampled_from(("suspend_person", "resume_person", "resume_person", "set_roles")),
        role=roles,
    )
    def administer(self, by: str, whom: str, what: str, role: str) -> None:
        more: dict[str, Any] = {"Roles": [ROLES[whom], role]} if what == "set_roles" else reason
        self.act(what, by, PersonId=self.template.ids[whom], **more)

    # --- cases and searches -------------------------------------------------------------------------------

    @rule(by=people, closes=st.sampled_from((True, False, False, False)), nth=places)
    def manage_case(self, by: str, closes: bool, nth: int) -> None:
        if closes:
            self.act("close_case", by, CaseId=picked(self.cases, nth), **reason)
        else:
            self.keep(self.cases, self.act("create_case", by, is_there=False, **CASE), "CaseId")

    @rule(
        by=st.sampled_from(("otto", "otto", "otto", "ines", "adam")),
        which=photo,
        where=gallery,
        external=st.sampled_from(("ann", "bob")),
    )
    def enrol(self, by: str, which: int, where: str, external: str) -> None:
        answer = self.act(
            "index_faces",
            by,
            is_there=False,
            CollectionId=where,
            Image={"Bytes": self.template.photos[which]},
            ExternalImageId=external,
            MaxFaces=1,
        )
        self.faces += [one["Face"]["FaceId"] for one in answer.get("FaceRecords", ())]

    @rule(
        by=st.sampled_from(("ines", "ines", "ines", "ines", "ivan", "otto", "rita")),
        which=st.sampled_from((0, 0, 0, 1)),
        where=gallery,
        nth=places,
        threshold=st.sampled_from((None, 99.0, 99.9, 80.0)),
    )
    def search(self, by: str, which: int, where: str, nth: int, threshold: float | None) -> None:
        answer = self.act(
            "search_faces_by_image",
            by,
            case=None if nth % 5 == 4 else picked(self.cases, nth),
            is_there=False,
            CollectionId=where,
            Image={"Bytes": self.template.photos[which]},
            **({} if threshold is None else {"FaceMatchThreshold": threshold}),
        )
        for match in answer.get("FaceMatches", ()):
            placeholder = match["Face"]["ExternalImageId"].split(":")
            if placeholder[0] == "PENDING_REVIEW" and placeholder[1] not in self.reviews:
                self.reviews.append(placeholder[1])

    # --- reviews ------------------------------------------------------------------------------------------

    @rule(
        several=st.lists(
            st.tuples(
                st.sampled_from(("rita", "rolf", "rosa", "rita", "rolf", "rosa", "ines", "anna")),
                st.sampled_from((3, 3, 2, 2, 0, -1, -3)),
                st.sampled_from((True, True, True, True, False)),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def rate(self, several: list[tuple[str, int, bool]]) -> None:
        for by, value, is_there in several:
            taken = self.act("take_review", by, is_there=is_there)
            if "ReviewId" not in taken:
                continue
            sheet = self.act("get_review_sheet", by, ReviewId=taken["ReviewId"])
            ratings = [{"Number": number, "Value": value} for number in sheet.get("Candidates", ())]
            if ratings:
                about = {"ReviewId": taken["ReviewId"], "Ratings": ratings}
                self.act("put_ratings", by, is_there=is_there, **about)

    @rule(
        by=st.sampled_from(("ines", "ines", "anna", "anna", "axel", "ivan", "rita")),
        what=st.sampled_from(
            ("withdraw_review", "reopen_review", "add", "add", "confirm", "dispute", "UPHELD", "WRONG")
        ),
        nth=places,
    )
    def conclude(self, by: str, what: str, nth: int) -> None:
        about: dict[str, Any] = {"ReviewId": picked(self.reviews, nth)}
        if what.endswith("_review"):
            self.act(what, by, **about, **reason)
            return
        about["Number"] = 1 + nth % 2
        if what == "add":
            self.keep(
                self.evidence,
                self.act(
                    "add_evidence",
                    by,
                    CaseId=picked(self.cases, nth),
                    Kind="LINEUP" if nth == 3 else "WITNESS",
                    Description="He was seen.",
                    Independent=nth != 2,
                    **about,
                ),
                "EvidenceId",
            )
        elif what == "confirm" and self.evidence:
            chosen = [picked(self.evidence, nth)]
            self.act("confirm_candidate", by, EvidenceIds=chosen, **about, **reason)
        elif what == "dispute":
            self.act("dispute_candidate", by, **about, **reason)
        elif what in ("UPHELD", "WRONG"):
            led_to = {"Consequence": "NONE"} if what == "WRONG" else {}
            self.act("resolve_dispute", by, Outcome=what, **about, **led_to, **reason)

    # --- authorizations -----------------------------------------------------------------------------------

    @rule(
        by=st.sampled_from(("ines", "ines", "ines", "ivan", "anna")),
        basis=st.sampled_from(("warrant", "court-order", "exigency", "first-identification")),
        nth=places,
    )
    def ask(self, by: str, basis: str, nth: int) -> None:
        facts = {"Grounds": "Shots were fired."} if basis in ("exigency", "first-identification") else {}
        answer = self.act(
            "request_authorization",
            by,
            CaseId=picked(self.cases, nth),
            Basis=basis,
            CollectionId=WANTED,
            Videos=["films/film.mp4"],
            **facts,
        )
        self.keep(self.authorizations, answer, "AuthorizationId")

    @rule(
        by=st.sampled_from(("anna", "anna", "axel", "ines", "ivan", "rita")),
        how=st.sampled_from(("approve", "approve", "ratify", "extend", "reject", "revoke", "submit")),
        nth=places,
    )
    def decide(self, by: str, how: str, nth: int) -> None:
        now = datetime.now(UTC)
        more: dict[str, Any] = reason
        if how in ("approve", "ratify", "extend"):
            more = {**_DOCUMENT, "Issued": now - timedelta(days=1), "Until": now + timedelta(days=3)}
        elif how == "submit":
            more = {"Authority": "District Court"}
        chosen = picked(self.authorizations, nth)
        self.act(f"{how}_authorization", by, AuthorizationId=chosen, **more)

    @rule(by=st.sampled_from(("ines", "ines", "ivan", "otto")), nth=places)
    def search_film(self, by: str, nth: int) -> None:
        case = picked(self.cases, nth)
        answer = self.act(
            "start_face_search", by, case=case, is_there=False, CollectionId=WANTED, Video=_VIDEO
        )
        self.keep(self.jobs, answer, "JobId")

    @rule(by=people, nth=places)
    def read_film(self, by: str, nth: int) -> None:
        job, case = picked(self.jobs, nth), picked(self.cases, nth)
        self.act("get_face_search", by, case=case, is_there=False, JobId=job)

    # --- privacy ------------------------------------------------------------------------------------------

    @rule(by=st.sampled_from(("petra", "petra", "otto", "ines")), whose=st.sampled_from(("ann", "bob")))
    def consent(self, by: str, whose: str) -> None:
        answer = self.act(
            "put_consent",
            by,
            CollectionId=AGREED,
            Subject=whose,
            TextVersion="2026-01",
            Form="WRITTEN",
            Digest="cd" * 32,
            GivenAt=datetime.now(UTC) - timedelta(days=1),
        )
        self.keep(self.consents, answer, "ConsentId")

    @rule(by=people, nth=places)
    def withdraw(self, by: str, nth: int) -> None:
        self.act("withdraw_consent", by, ConsentId=picked(self.consents, nth), **reason)

    @rule(by=people, where=gallery, nth=places, what=st.sampled_from(("erase_faces", "delete_faces")))
    def erase(self, by: str, where: str, nth: int, what: str) -> None:
        chosen = [picked(self.faces, nth)]
        words = reason if what == "erase_faces" else {}
        self.act(what, by, CollectionId=where, FaceIds=chosen, **words)
