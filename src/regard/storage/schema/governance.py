"""The tables of responsible use: who acts, what they were trained in, and on which case.

Times are milliseconds since the epoch, UTC. Ids are like `C-2026-000123`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from regard.storage.schema.metadata import metadata

# How many ids of a kind were given in a year.
numbers = Table(
    "numbers",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

# `roles` is a JSON list. `factor` is the encrypted secret of the second factor, None until it is set up;
# `factor_step` the time step of the last code that was used, which is never taken again.
people = Table(
    "people",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("suspended", BigInteger),
    Column("factor", LargeBinary),
    Column("factor_step", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", BigInteger, nullable=False, server_default="0"),
)

# Sessions of people who have shown their second factor. `digest` is the SHA-256 of the token.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("key_id", String(128), nullable=False),
    Column("verified", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("sessions_by_person", "person_id"),
)

# `topics` is a JSON list; `recorded_by` the person who recorded it, `local` for the owner of the data folder.
training = Table(
    "training",
    metadata,
    Column("training_id", String(32), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("topics", Text, nullable=False),
    Column("course", String(256), nullable=False),
    Column("completed", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("document", String(64)),
    Column("recorded", BigInteger, nullable=False),
    Column("recorded_by", String(128), nullable=False),
    Index("training_by_person", "person_id", "kind", "until"),
)

# `attested`, `edits` and `members` are JSON lists; members are ids of people, whoever opened the case first.
cases = Table(
    "cases",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("reference", String(128), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("basis", Text, nullable=False),
    Column("offence", String(256)),
    Column("justification", Text, nullable=False),
    Column("attested", Text, nullable=False),
    Column("edits", Text, nullable=False),
    Column("members", Text, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("opened_by", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("closed", BigInteger),
    Column("closed_by", String(32)),
    Column("closed_for", Text),
    Index("cases_by_opening", "opened", "case_id"),
)
