"""The tables of jobs: who runs each, what it has found, and whom its end is told.

Times are milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from regard.storage.schema.metadata import ROW, metadata

# Analyses of stored videos, and of many pictures. `request`, `caller`, `state` and `facts` are JSON. Whoever
# runs a job holds its lease until `lease_until`, under the name `holder`; `fence` grows with every lease, so
# that what a former holder still writes is refused. `attempts` counts the leases since the job last got
# ahead. `seal` signs its pages' tokens. `failure` is the code of the error that ended it.
# `film` is what its video's `ObjectFacts.content` was when it was first read.
jobs = Table(
    "jobs",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("job_id", String(64), nullable=False, unique=True),
    Column("operation", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("case_reference", String(256)),
    Column("key_id", String(128), nullable=False),
    Column("caller", Text, nullable=False),
    Column("collection_id", String(255)),
    Column("purpose", String(32), nullable=False),
    Column("threshold", Float),
    Column("seal", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("message", Text),
    Column("created", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("expires", BigInteger),
    Column("holder", String(255)),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("found", BigInteger, nullable=False, server_default="0"),
    Column("state", Text),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("cancelled", BigInteger),
    Column("failure", String(64)),
    Column("authorization_id", String(32)),
    Column("trace", String(64)),
    Column("film", String(128)),
    Index("jobs_by_status", "status", "lease_until"),
    Index("jobs_by_expiry", "expires"),
    Index("jobs_by_authorization", "authorization_id"),
    sqlite_autoincrement=True,
)

# What a job has found, numbered as found. `key` is bytes, so that both databases sort it by code points.
job_items = Table(
    "job_items",
    metadata,
    Column("job", ROW, ForeignKey("jobs.row", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("view", String(16), nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    Index("job_items_by_time", "job", "view", "timestamp", "number"),
    Index("job_items_by_key", "job", "view", "key", "timestamp", "number"),
)

# Jobs whose end somebody is to be told of; written with the end itself, and kept until it was told.
job_notices = Table(
    "job_notices",
    metadata,
    Column("job", ROW, ForeignKey("jobs.row", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try", BigInteger, nullable=False),
    Column("done", BigInteger),
    Column("failure", Text),
    Index("job_notices_by_time", "done", "next_try"),
)
