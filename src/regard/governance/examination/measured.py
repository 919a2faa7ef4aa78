"""What was measured of a reviewer since the last training, and whether it bars them from rating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from regard.governance.training import REVIEW
from regard.storage.schema import proficiency, training


@dataclass(frozen=True, slots=True)
class ErrorLimit:
    """From how many known pairs on a reviewer is measured, and how many of a hundred they may get wrong."""

    pairs: int
    percent: int

    @classmethod
    def of(cls, rule: Mapping[str, int]) -> ErrorLimit:
        """The limit of the rules that hold."""
        return cls(rule["pairs"], rule["percent"])

    def is_passed(self, wrong: int, pairs: int) -> bool:
        """Whether so many wrong pairs of all that were rated are too many."""
        return pairs >= self.pairs and 100 * wrong > self.percent * pairs

    @property
    def noted(self) -> str:
        """As audit records have it: `20 % of 20`."""
        return f"{self.percent} % of {self.pairs}"


@dataclass(frozen=True, slots=True)
class MeasuredErrors:
    """How many pairs whose answer is known somebody has rated since the last training, and how many of them
    wrongly; whether that bars them until they are trained again.
    """

    pairs: int
    wrong: int
    is_barred: bool


def measure(connection: Connection, person_id: str, limit: ErrorLimit) -> MeasuredErrors:
    """What was measured of somebody since their last training in rating was recorded."""
    trained = (
        select(func.coalesce(func.max(training.c.recorded), 0))
        .where(training.c.person_id == person_id, training.c.kind == REVIEW)
        .scalar_subquery()
    )
    query = select(
        func.coalesce(func.sum(proficiency.c.same + proficiency.c.different), 0),
        func.coalesce(func.sum(proficiency.c.missed + proficiency.c.mistaken), 0),
    ).where(proficiency.c.person_id == person_id, proficiency.c.given >= trained)
    pairs, wrong = (int(count) for count in connection.execute(query).one())
    return MeasuredErrors(pairs, wrong, limit.is_passed(wrong, pairs))
