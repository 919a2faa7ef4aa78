"""What the records up to one say of consents, of the collections that ask for them, and of erased faces."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from regard.governance.privacy.erasures import OPERATION
from regard.governance.rules.rule import LogRecord

ASKED: Final = "consent_asked"
"""The member of a record that says whether its collection asks for consent from then on: yes, or no."""


@dataclass(slots=True)
class KnownConsent:
    """A consent that a record tells of: for which collection, and until when; its end, or infinity, and when
    it was withdrawn, in milliseconds since the epoch.
    """

    collection: str
    until: float = math.inf
    withdrawn: float = math.inf


@dataclass(slots=True)
class KnownConsents:
    """`asking` has since when a collection asks for consent, `erased` the record that erased each face."""

    consents: dict[str, KnownConsent] = field(default_factory=dict)
    asking: dict[str, float] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    receipts: set[str] = field(default_factory=set)


def follow_consents(known: KnownConsents, record: LogRecord) -> None:
    """Takes in what a record says of them."""
    facts, collection = record.facts, str(record.said.get("collection"))
    if record.operation == OPERATION and not record.is_request:
        known.receipts.add(str(facts.get("ReceiptId")))
        known.erased |= {str(face): record.sequence for face in facts.get("FaceIds", ())}
    if not record.is_done:
        return
    if record.operation == "PutConsent":
        until = _moment(facts.get("Until"))
        known.consents.setdefault(str(facts.get("ConsentId")), KnownConsent(collection, until))
    elif record.operation == "ImportConsents":
        for consent_id in facts.get("ConsentIds", ()):
            known.consents.setdefault(str(consent_id), KnownConsent(collection))
    elif record.operation == "WithdrawConsent":
        consent = known.consents.get(str(facts.get("ConsentId")))
        if consent is not None:
            consent.withdrawn = min(consent.withdrawn, record.ended)
    elif record.operation == "DeleteCollection":
        known.asking.pop(collection, None)
    asked = record.said.get(ASKED)
    if asked == "yes":
        known.asking.setdefault(collection, record.ended)
    elif asked == "no":
        known.asking.pop(collection, None)


def _moment(value: Any) -> float:
    try:
        return math.inf if value is None else datetime.fromisoformat(str(value)).timestamp() * 1000
    except ValueError:
        return 0.0
