"""The tables of responsible use: who acts, what they were trained in, on which case, and what was authorized.

Times are milliseconds since the epoch, UTC. Ids are like `C-2026-000123`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from regard.storage.schema.metadata import metadata

# How many ids of a kind were given in a year.
numbers = Table(
    "numbers",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

# How much a key or a person may use; `quota` names what, as `metering.quotas.Limit` does, and `warned` is the
# beginning of the month in which somebody was warned.
quotas = Table(
    "quotas",
    metadata,
    Column("holder", String(128), primary_key=True),
    Column("quota", String(16), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("warned", BigInteger, nullable=False, server_default="0"),
)

# `roles` is a JSON list. `factor` is the encrypted secret of the second factor, None until it is set up;
# `factor_step` the time step of the last code that was used, which is never taken again. `language` is the
# one that they chose for the console, None for what their browser asks for.
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
    Column("language", String(8)),
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
    Column("purged", BigInteger),
    Column("channel", Text),
    Column("channel_key", String(128)),
    Column("urgent", BigInteger),
    Column("urgent_by", String(32)),
    Column("urgent_for", Text),
    Index("cases_by_opening", "opened", "case_id"),
)

# Leave to follow people on a case: what is kept of it are facts and deadlines, from which its state follows
# at any time. `extends` and `extended_by` are ids of authorizations. `lapsed` is when somebody first saw that
# it had, `erased` when what it produced was gone, and `erasure_record` the number of its audit record.
authorizations = Table(
    "authorizations",
    metadata,
    Column("authorization_id", String(32), primary_key=True),
    Column("case_id", String(32), ForeignKey("cases.case_id"), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("basis", String(32), nullable=False),
    Column("collection_id", String(255), nullable=False),
    Column("collection_row", BigInteger, nullable=False),
    Column("covert", Boolean, nullable=False),
    Column("grounds", Text),
    Column("attested", Text, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("requested", BigInteger, nullable=False),
    Column("requested_by", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("ask_by", BigInteger),
    Column("decide_by", BigInteger),
    Column("asked", BigInteger),
    Column("asked_by", String(32)),
    Column("authority", String(256)),
    Column("issuer", String(256)),
    Column("number", String(128)),
    Column("document", String(64)),
    Column("issued", BigInteger),
    Column("approved", BigInteger),
    Column("approved_by", String(32)),
    Column("rejected", BigInteger),
    Column("revoked", BigInteger),
    Column("ended_by", String(32)),
    Column("ended_for", Text),
    Column("extends", String(32)),
    Column("extended", BigInteger),
    Column("extended_by", String(32)),
    Column("lapsed", BigInteger),
    Column("erased", BigInteger),
    Column("erasure_record", BigInteger),
    Index("authorizations_by_case", "case_id"),
)

# What an authorization covers. `kind` is camera, video or face; `value` a camera's id, `bucket/name` or the
# beginning of one and a star, or a FaceId.
authorization_scope = Table(
    "authorization_scope",
    metadata,
    Column(
        "authorization_id",
        String(32),
        ForeignKey("authorizations.authorization_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("kind", String(16), primary_key=True),
    Column("value", String(1280), primary_key=True),
)

# `source` is the digest of the stream that is the camera's, None for one that has none yet. `covers` is a
# JSON list: what the notice tells of that Regard words itself until somebody has posted one, or None.
cameras = Table(
    "cameras",
    metadata,
    Column("camera_id", String(128), primary_key=True),
    Column("added", BigInteger, nullable=False),
    Column("source", String(64)),
    Column("place", String(256)),
    Column("covers", Text),
    Index("cameras_by_source", "source", unique=True),
)

# What tells people that a camera sees their faces: every text that was ever posted, numbered by camera.
# `covers` is a JSON list; `posted` is when it was put up, `recorded` when somebody said so.
notices = Table(
    "notices",
    metadata,
    Column("camera_id", String(128), ForeignKey("cameras.camera_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("language", String(35), nullable=False),
    Column("text", Text, nullable=False),
    Column("covers", Text, nullable=False),
    Column("posted", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("recorded_by", String(32), ForeignKey("people.person_id"), nullable=False),
)
