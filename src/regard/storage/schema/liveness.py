"""The tables of checks of liveness.

Times are milliseconds since the epoch, UTC.
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

# `settings` (of CreateFaceLivenessSession) and `result` are JSON. `expires` is until when a stream may begin,
# `deadline` until when one that has begun must have ended, `kept` until when the result is answered.
liveness_sessions = Table(
    "liveness_sessions",
    metadata,
    Column("session_id", String(36), primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("settings", Text, nullable=False),
    Column("deadline", BigInteger),
    Column("kept", BigInteger, nullable=False),
    Column("result", Text),
    Index("liveness_sessions_by_kept", "kept"),
)

# The reference image is at 0, audit images behind it: JPEGs, encrypted with the key in the key folder.
# `place` is JSON: the box of the face. What `is_written` is in the session's bucket, and empty here.
liveness_images = Table(
    "liveness_images",
    metadata,
    Column(
        "session_id",
        String(36),
        ForeignKey("liveness_sessions.session_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("place", Text, nullable=False),
    Column("is_written", Boolean, nullable=False),
)
