"""Rules of consent and erasure: nobody is enrolled without it, and what was erased is gone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState
from regard.storage.clock import CLOCK_SLACK
from regard.storage.schema import consents, erasures, faces

_AT_ONCE = 500  # faces named in one query


def _consented(state: LogState, record: LogRecord) -> Iterator[str]:
    known = state.consents
    collection, consent_id = record.said.get("collection"), record.said.get("consent")
    if record.operation != "IndexFaces" or not record.is_done:
        return
    if consent_id is None:
        asking = known.asking.get(str(collection))
        if asking is not None and record.began > asking + CLOCK_SLACK:
            yield f"faces were enrolled in {collection}, which asks for consent, and the record names none"
        return
    consent = known.consents.get(str(consent_id))
    if consent is None:
        yield f"faces were enrolled by the consent {consent_id}, and no record says that it was given"
    elif consent.collection != collection:
        yield f"faces were enrolled in {collection} by {consent_id}, which is for {consent.collection}"
    elif record.began > consent.withdrawn + CLOCK_SLACK:
        yield f"faces were enrolled by the consent {consent_id}, which was withdrawn"
    elif record.began > consent.until + CLOCK_SLACK:
        yield f"faces were enrolled by the consent {consent_id}, which had ended"


def unexplained_privacy(connection: Connection, state: LogState) -> Iterator[str]:
    """What the tables of consents and erasures hold and the log does not say, and faces that live again."""
    known = state.consents
    for consent_id in connection.execute(
        select(consents.c.consent_id).order_by(consents.c.consent_id)
    ).scalars():
        if consent_id not in known.consents:
            yield f"No record says that the consent {consent_id} was given."
    for receipt_id in connection.execute(
        select(erasures.c.receipt_id).order_by(erasures.c.sequence)
    ).scalars():
        if receipt_id not in known.receipts:
            yield f"No record says what the receipt {receipt_id} is for."
    erased = list(known.erased)
    for start in range(0, len(erased), _AT_ONCE):
        named = select(faces.c.face_id).where(faces.c.face_id.in_(erased[start : start + _AT_ONCE]))
        for face_id in connection.execute(named).scalars():
            yield f"The face {face_id} is there; record {known.erased[face_id]} erased it."


RULES = (
    Rule(
        "consent",
        "Where a collection asks for consent, nobody is enrolled without one that is valid at that moment.",
        _consented,
    ),
)
