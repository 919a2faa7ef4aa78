"""Everything about reviews of one database, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from regard.governance.audit import AuditLog
from regard.governance.examination.conclusions import Conclusions
from regard.governance.examination.crops import FaceCrops
from regard.governance.examination.duty import Duty
from regard.governance.examination.false_matches import FalseMatches
from regard.governance.examination.found import FoundReviews
from regard.governance.examination.measured import ErrorLimit
from regard.governance.examination.proficiency import KnownAnswers
from regard.governance.examination.rating import Ratings
from regard.governance.examination.reviews import Reviews
from regard.governance.examination.sheets import Sheets
from regard.governance.profiles import Rules
from regard.storage.database import Database
from regard.storage.encryption import Cipher


@dataclass(frozen=True, slots=True)
class Examination:
    """The stores of reviews: opened, rated, concluded."""

    reviews: Reviews
    found: FoundReviews
    duty: Duty
    sheets: Sheets
    ratings: Ratings
    conclusions: Conclusions
    crops: FaceCrops
    known_answers: KnownAnswers
    false_matches: FalseMatches

    @classmethod
    def of(cls, database: Database, audit: AuditLog, cipher: Cipher, rules: Rules) -> Examination:
        """Those of one database, under the rules that hold."""
        return cls(
            reviews=Reviews(database, audit, cipher, rules),
            found=FoundReviews(database, audit, cipher, rules),
            duty=Duty(database, audit),
            sheets=Sheets(database, cipher),
            ratings=Ratings(database),
            conclusions=Conclusions(database),
            crops=FaceCrops(database, cipher),
            known_answers=KnownAnswers(database, cipher, ErrorLimit.of(rules.reviewer_error)),
            false_matches=FalseMatches(database, rules.wrong_leads),
        )
