"""What the records up to one say is so: keys, collections, jobs, people, seals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from regard.caller import LOCAL
from regard.errors import RegardError
from regard.governance.chain import EMPTY, LogHead
from regard.governance.examination.found import OPENED
from regard.governance.policy import check_document
from regard.governance.proof.day import SealedDay
from regard.governance.proof.seals import NEW_KEY, SEAL
from regard.governance.rules.known_authorizations import KnownAuthorizations
from regard.governance.rules.known_calls import KnownCalls
from regard.governance.rules.known_consents import KnownConsents, follow_consents
from regard.governance.rules.known_errors import KnownErrors, follow_errors
from regard.governance.rules.known_reviews import KnownReview, follow_opened, follow_reviews
from regard.governance.rules.known_streams import KnownStreams
from regard.governance.rules.rule import DeclaredOperation, LogRecord, read_moment
from regard.governance.sign_in_log import SIGN_IN
from regard.storage.clock import CLOCK_SLACK

_SUSPENDS: Final = {"SuspendKey": True, "ResumeKey": False}
_SUSPENDS_PEOPLE: Final = {"SuspendPerson": True, "ResumePerson": False}
_MAKES: Final = {"CreatePerson": "PersonId", "CreateCase": "CaseId", "RecordTraining": "TrainingId"}
_CREATES: Final = ("CreateCollection", "ImportFaces")


@dataclass(slots=True)
class Since:
    """Something that is so, the record that made it so, and when, in milliseconds since the epoch."""

    value: str
    sequence: int
    at: float

    def holds_for(self, record: LogRecord) -> bool:
        """Whether the record's request came after it."""
        return record.began > self.at + CLOCK_SLACK


@dataclass(slots=True)
class KnownKey:
    """A key that a record tells of. `role` is None where its record doesn't say it."""

    made: int
    role: str | None
    purpose: str
    policy: Mapping[str, Any] | None = None
    suspended: Since | None = None


@dataclass(slots=True)
class KnownTraining:
    """A training that a record tells of, until a moment in milliseconds since the epoch."""

    kind: str
    until: float


@dataclass(slots=True)
class LogState:
    """Is told of one record after another. `declared` is what this version declares of each operation."""

    declared: Mapping[str, DeclaredOperation]
    head: LogHead = EMPTY
    count: int = 0
    hashes: list[bytes | None] = field(default_factory=list)  # of the records that are in no sealed day yet
    day: SealedDay | None = None
    days: dict[str, SealedDay] = field(default_factory=dict)
    signing_keys: set[str] = field(default_factory=set)
    keys: dict[str, KnownKey] = field(default_factory=dict)
    collections: dict[str, Since | None] = field(default_factory=dict)  # purposes; None where not told
    past_collections: set[str] = field(default_factory=set)
    used_collections: dict[str, int] = field(default_factory=dict)  # where first
    started: dict[str, tuple[str, str]] = field(default_factory=dict)  # operation and key of jobs
    runs: dict[str, tuple[int, str, str]] = field(
        default_factory=dict
    )  # the same of those that ran, and where
    suspended_people: dict[str, Since] = field(default_factory=dict)
    trainings: dict[str, list[KnownTraining]] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)  # purposes
    made: set[tuple[str, str]] = field(default_factory=set)  # ids of whatever else was made, by what made it
    roles: dict[str, list[str]] = field(default_factory=dict)  # of people
    signed_in: set[str] = field(default_factory=set)  # people who ever were, in the console
    reviews: dict[str, KnownReview] = field(default_factory=dict)
    errors: dict[str, KnownErrors] = field(default_factory=dict)  # of reviewers, since their training
    has_people: bool = False
    authorizations: KnownAuthorizations = field(default_factory=KnownAuthorizations)
    consents: KnownConsents = field(default_factory=KnownConsents)
    streams: KnownStreams = field(default_factory=KnownStreams)
    calls: KnownCalls = field(default_factory=KnownCalls)

    def follow(self, record: LogRecord) -> None:
        """Takes in what a record says."""
        self.head = LogHead(record.sequence, record.hash)
        self.count += 1
        try:
            self.hashes.append(bytes.fromhex(record.hash))
        except ValueError:
            self.hashes.append(None)
        self.has_people = self.has_people or "person" in record.said
        follow_consents(self.consents, record)
        self.authorizations.follow(record)
        self.streams.follow(record)
        self.calls.follow(record)
        if record.is_request:
            self._follow_request(record)
        else:
            self._follow_command(record)

    def _follow_command(self, record: LogRecord) -> None:
        subject = str(record.said.get("subject", ""))
        if record.operation == NEW_KEY:
            self.signing_keys.add(subject)
        elif record.operation == SEAL:
            self._seal(record)
        elif record.operation == OPENED:
            follow_opened(self.reviews, record)
        elif record.operation == SIGN_IN:
            if record.said.get("result") == "ok":
                self.signed_in.add(record.key)
        elif record.operation == "keys create":
            self.keys[subject] = KnownKey(record.sequence, _text(record.said.get("role")), "general")

    def _seal(self, record: LogRecord) -> None:
        sealed = sealed_day(record)
        if sealed is None:
            return
        passed = sealed.last - (0 if self.day is None else self.day.last)
        del self.hashes[: max(passed, 0)]
        self.day = self.days[sealed.day] = sealed

    def _follow_request(self, record: LogRecord) -> None:
        collection = _text(record.said.get("collection"))
        if record.was_let_in:
            if collection is not None:
                self.used_collections.setdefault(collection, record.sequence)
            if record.is_run:
                run = (record.sequence, record.operation, record.key)
                self.runs.setdefault(str(record.said.get("job")), run)
        if not record.is_done:
            return
        facts = record.facts
        made = _MAKES.get(record.operation)
        if made is not None:
            self.made.add((record.operation, str(facts.get(made))))
        if "job" in record.said and record.operation.startswith("Start") and not record.is_run:
            self.started.setdefault(str(record.said["job"]), (record.operation, record.key))
        if collection is not None:
            self._follow_collection(record, collection)
        self._follow_keys(record, facts)
        self._follow_people(record, facts)
        follow_reviews(self.reviews, record)
        follow_errors(self.errors, record)

    def _follow_collection(self, record: LogRecord, collection: str) -> None:
        if record.operation == "DeleteCollection":
            self.collections.pop(collection, None)
            self.past_collections.add(collection)
            return
        is_new = record.operation in _CREATES and collection not in self.collections
        if is_new:
            told = "purpose_given" in record.said or record.operation == "ImportFaces"
            self.collections[collection] = Since("general", record.sequence, record.ended) if told else None
        declared = self.declared.get(record.operation)
        named = record.facts.get("Purpose") if record.operation == "ImportFaces" else None
        given = _text(record.said.get("purpose_given", named))
        if given is not None:
            self.collections[collection] = Since(given, record.sequence, record.ended)
        elif declared is not None and declared.sets_purpose and "purpose_given" not in record.said:
            self.collections[collection] = None  # an older version didn't tell

    def _follow_keys(self, record: LogRecord, facts: Mapping[str, Any]) -> None:
        key_id = _text(facts.get("KeyId"))
        if record.operation == "CreateKey" and key_id is not None:
            self.keys[key_id] = KnownKey(
                record.sequence,
                _text(facts.get("Role")),
                _text(facts.get("Purpose")) or "general",
                _policy(facts.get("PolicyDocument")),
            )
        elif record.operation == "CreateCaseKey":
            purpose = self.cases.get(str(facts.get("CaseId")), "general")
            self.keys[str(facts.get("AccessKeyId"))] = KnownKey(record.sequence, None, purpose)
        elif record.operation in _SUSPENDS and key_id in self.keys:
            is_suspended = _SUSPENDS[record.operation]
            since = Since(str(key_id), record.sequence, record.ended)
            self.keys[str(key_id)].suspended = since if is_suspended else None

    def _follow_people(self, record: LogRecord, facts: Mapping[str, Any]) -> None:
        person = str(facts.get("PersonId"))
        if record.operation in ("CreatePerson", "SetRoles"):
            self.roles[person] = [str(role) for role in facts.get("Roles", ())]
        if record.operation in _SUSPENDS_PEOPLE:
            if _SUSPENDS_PEOPLE[record.operation]:
                self.suspended_people[person] = Since(person, record.sequence, record.ended)
            else:
                self.suspended_people.pop(person, None)
        elif record.operation == "RecordTraining":
            until = read_moment(facts.get("Until"))
            self.trainings.setdefault(person, []).append(KnownTraining(str(facts.get("Kind")), until))
        elif record.operation == "CreateCase":
            self.cases[str(facts.get("CaseId"))] = str(facts.get("Purpose", "general"))


def sealed_day(record: LogRecord) -> SealedDay | None:
    """The day that a record of a seal tells of; None where it is none."""
    said = record.said
    try:
        return SealedDay(
            day=str(said["subject"]),
            first=int(said["first"]),
            last=int(said["last"]),
            root=str(said["root"]),
            previous=str(said["previous"]),
            public_key=str(said["public_key"]),
            signature=str(said["signature"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def is_local(key: str) -> bool:
    """Whether it is the data folder's owner, who needs no key."""
    return key == LOCAL.key_id


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _policy(value: Any) -> Mapping[str, Any] | None:
    """A key's own policy. One that can't be read allows nothing."""
    try:
        return None if value is None else check_document(json.loads(value))
    except (TypeError, ValueError, RegardError):
        return {"Statement": []}
