"""What the records say of how reviewers did on sheets whose answer is known, since their last training."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from regard.governance.examination.measured import ErrorLimit
from regard.governance.rules.rule import LogRecord
from regard.governance.training import REVIEW

_NOTED: Final = re.compile(r"(\d{1,6}) % of (\d{1,6})")


@dataclass(slots=True)
class KnownErrors:
    """Pairs whose answer is known, and how many of them were rated wrongly."""

    pairs: int = 0
    wrong: int = 0


def follow_errors(errors: dict[str, KnownErrors], record: LogRecord) -> None:
    """Takes in what the record of a request that was answered says of somebody's errors."""
    facts = record.facts
    if record.operation == "RecordTraining" and facts.get("Kind") == REVIEW:
        errors.pop(str(facts.get("PersonId")), None)
    elif record.operation == "PutRatings" and facts.get("IsKnownAnswer"):
        known = errors.setdefault(str(record.said.get("person")), KnownErrors())
        rated = facts.get("Rated")
        for one in rated if isinstance(rated, list) else []:
            taken_for_same = isinstance(one.get("Value"), int) and one["Value"] > 0
            known.pairs += 1
            known.wrong += taken_for_same is not bool(one.get("IsSamePerson"))


def noted_limit(record: LogRecord) -> ErrorLimit | None:
    """The limit that a record says held; None where it doesn't say one."""
    found = _NOTED.fullmatch(str(record.said.get("error_limit")))
    return None if found is None else ErrorLimit(pairs=int(found[2]), percent=int(found[1]))
