"""Who acts, trained in what, on which case, and under which rules.

Operations of Regard's own. What a person must decide takes the person: a session, opened with a code of their
second factor, and not a key alone.
"""

from __future__ import annotations

from regard.operations.responsibility import authorizations, cases, notices, people, sessions, training

OPERATIONS = (
    *authorizations.OPERATIONS,
    *cases.OPERATIONS,
    *notices.OPERATIONS,
    *people.OPERATIONS,
    *sessions.OPERATIONS,
    *training.OPERATIONS,
)
