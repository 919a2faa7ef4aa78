"""Who acts, trained in what, on which case, and under which rules.

Operations of Regard's own. What a person must decide takes the person: a session, opened with a code of their
second factor, and not a key alone.
"""

from __future__ import annotations

from regard.operations.responsibility import (
    authorizations,
    cases,
    conclusions,
    disclosures,
    error_rates,
    measured_errors,
    notices,
    people,
    reports,
    reviews,
    sessions,
    sheets,
    training,
    urgency,
)

OPERATIONS = (
    *authorizations.OPERATIONS,
    *cases.OPERATIONS,
    *conclusions.OPERATIONS,
    *disclosures.OPERATIONS,
    *error_rates.OPERATIONS,
    *measured_errors.OPERATIONS,
    *notices.OPERATIONS,
    *people.OPERATIONS,
    *reviews.OPERATIONS,
    *reports.OPERATIONS,
    *sessions.OPERATIONS,
    *sheets.OPERATIONS,
    *training.OPERATIONS,
    *urgency.OPERATIONS,
)
