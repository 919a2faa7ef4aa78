"""What the records say of reviews: who searched, who rated what, and which evidence there is."""

from __future__ import annotations

from dataclasses import dataclass, field

from regard.governance.rules.rule import LogRecord


@dataclass(frozen=True, slots=True)
class KnownRating:
    """A rating that a record tells of."""

    person: str
    candidate: int
    value: int
    round: int


@dataclass(slots=True)
class KnownReview:
    """A review that a record tells of. `reviewers` is how many ratings must agree there, 0 where its record
    doesn't say; `leads` are the candidates that became one. `evidence` maps the ids of independent items that
    are no line-up to the candidates that they are about.
    """

    searcher: str
    purpose: str
    reviewers: int = 0
    ratings: list[KnownRating] = field(default_factory=list)
    leads: set[int] = field(default_factory=set)
    evidence: dict[str, int] = field(default_factory=dict)

    @property
    def raters(self) -> set[str]:
        """Who has rated it."""
        return {one.person for one in self.ratings}


def follow_opened(reviews: dict[str, KnownReview], record: LogRecord) -> None:
    """Takes in that a search opened a review, or met one that the same search had opened before."""
    said = record.said
    if isinstance(said.get("review"), str):
        opened = KnownReview(
            str(said.get("person")), str(said.get("purpose")), _number(said.get("reviewers"))
        )
        reviews.setdefault(said["review"], opened)


def follow_reviews(reviews: dict[str, KnownReview], record: LogRecord) -> None:
    """Takes in what the record of a request that was answered says of reviews."""
    facts = record.facts
    follow_opened(reviews, record)
    known = reviews.get(str(facts.get("ReviewId")))
    if known is None:
        return
    if record.operation == "PutRatings":
        known.ratings += ratings_of(record)
        known.leads |= set(leads_of(record))
    elif record.operation == "AddEvidence" and facts.get("Independent") and facts.get("Kind") != "LINEUP":
        known.evidence[str(facts.get("EvidenceId"))] = _number(facts.get("Number"))


def ratings_of(record: LogRecord) -> list[KnownRating]:
    """The ratings that a record of PutRatings tells of."""
    rated = record.facts.get("Rated")
    person, round_ = str(record.said.get("person")), _number(record.facts.get("Round"))
    return [
        KnownRating(person, _number(one.get("Candidate")), _number(one.get("Value")), round_)
        for one in (rated if isinstance(rated, list) else [])
        if isinstance(one, dict)
    ]


def leads_of(record: LogRecord) -> list[int]:
    """The candidates that a record of PutRatings says are leads."""
    rated = record.facts.get("Rated")
    return [
        _number(one.get("Candidate"))
        for one in (rated if isinstance(rated, list) else [])
        if isinstance(one, dict) and one.get("Status") == "LEAD"
    ]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
