"""The tables of what is owed to the people whose faces are kept: consents, erasures, their feedback, holds.

Times are milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from regard.storage.schema.metadata import ROW, metadata

# `subject` is the ExternalImageId of the person's faces; `row_of` the row of the collection, which no other
# of its name has. `erased` is when the faces went, once the consent was withdrawn or had ended.
consents = Table(
    "consents",
    metadata,
    Column("consent_id", String(32), primary_key=True),
    Column("subject", String(255), nullable=False),
    Column("collection", String(255), nullable=False),
    Column("row_of", ROW, nullable=False),
    Column("text_version", String(128), nullable=False),
    Column("form", String(16), nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("evidence", String(64), nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("recorded_by", String(128), nullable=False),
    Column("withdrawn", BigInteger),
    Column("withdrawn_by", String(128)),
    Column("erased", BigInteger),
    Index("consents_by_subject", "row_of", "subject"),
    Index("consents_by_end", "row_of", "erased", "until"),
    Index("consents_by_giving", "row_of", "erased", "given"),
)

# What was erased: nobody can guess a `receipt_id`. `face_ids` is a JSON list, `sequence` the number of the
# record in the audit log.
erasures = Table(
    "erasures",
    metadata,
    Column("receipt_id", String(32), primary_key=True),
    Column("collection", String(255), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("faces", BigInteger, nullable=False),
    Column("users", BigInteger, nullable=False),
    Column("face_ids", Text, nullable=False),
    Column("erased", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("erasures_by_record", "sequence"),
)

# What people ask or complain of. `code_digest` is the SHA-256 of the code that answers are read with; `text`,
# `contact` and `picture` are encrypted; `address` is a keyed digest, for a day.
feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", String(32), primary_key=True),
    Column("code_digest", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("contact", LargeBinary),
    Column("picture", LargeBinary),
    Column("address", String(64)),
    Column("received", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("extended_for", Text),
    Column("answer", Text),
    Column("reason", Text),
    Column("complain_to", Text),
    Column("receipts", Text, nullable=False),
    Column("decided", BigInteger),
    Column("decided_by", String(32)),
    Index("feedback_by_time", "received", "feedback_id"),
    Index("feedback_by_address", "address", "received"),
)

# Cases that are kept beyond their time, since a court or a law wants it.
case_holds = Table(
    "case_holds",
    metadata,
    Column("case_id", String(32), ForeignKey("cases.case_id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("basis", Text, nullable=False),
    Column("until", BigInteger),
    Column("asked", BigInteger, nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_as", String(16), nullable=False),
    Column("confirmed", BigInteger),
    Column("confirmed_by", String(32)),
)
