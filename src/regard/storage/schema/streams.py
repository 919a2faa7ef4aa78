"""The tables of live video: stream processors, what they saw, and whom that is told.

Times are milliseconds since the epoch, UTC. Pictures are encrypted, by a key that the database doesn't hold.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

# `source` is an ARN or a URL as it was given, with its user and password: it is needed whole to connect, as a
# key's secret is to check a signature. `source_shown` is what anybody is told in its place. `labels`,
# `regions`, `start_selector`, `state`, `checkpoint`, and whoever made and started it (`created_by`,
# `started_by`) are JSON. `threshold` is that of the request, `match_threshold` the one that holds since the
# start. Whoever runs a processor holds its lease until `lease_until`, under the name `holder`; `fence` grows
# with every lease. A lease is not renewed from `authorized_until` on.
stream_processors = Table(
    "stream_processors",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_shown", Text, nullable=False),
    Column("camera_id", String(128)),
    Column("place", String(256)),
    Column("output", Text),
    Column("bucket", String(255)),
    Column("key_prefix", String(1024)),
    Column("collection_id", String(255)),
    Column("threshold", Float),
    Column("labels", Text, nullable=False, server_default="[]"),
    Column("min_confidence", Float),
    Column("regions", Text, nullable=False, server_default="[]"),
    Column("channel", Text),
    Column("kms_key_id", String(2048)),
    Column("role_arn", String(2048), nullable=False),
    Column("data_sharing", Boolean),
    Column("rate", Float, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("message", Text),
    Column("session", String(64)),
    Column("started", BigInteger),
    Column("started_by", Text),
    Column("request_id", String(64)),
    Column("case_id", String(256)),
    Column("authorization_id", String(32)),
    Column("authorized_until", BigInteger),
    Column("purpose", String(32), nullable=False, server_default="general"),
    Column("match_threshold", Float),
    Column("start_selector", Text),
    Column("stop_seconds", Integer),
    Column("state", Text, nullable=False, server_default="{}"),
    Column("checkpoint", Text, nullable=False, server_default="{}"),
    Column("holder", String(255)),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Index("stream_processors_by_status", "status", "lease_until"),
    Index("stream_processors_by_authorization", "authorization_id"),
    sqlite_autoincrement=True,
)

# What a processor saw. It stays when its processor is deleted, until `expires`. `body` is JSON; `crop` and
# `frame` are encrypted JPEGs. `subject` is the person whom an alert is about, `user/ID` or `face/ID`.
stream_events = Table(
    "stream_events",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("processor", BigInteger, nullable=False),
    Column("name", String(128), nullable=False),
    Column("session", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("subject", String(200)),
    Column("body", Text, nullable=False),
    Column("crop", LargeBinary),
    Column("frame", LargeBinary),
    Column("collection_id", String(255)),
    Column("purpose", String(32), nullable=False),
    Column("authorization_id", String(32)),
    Column("expires", BigInteger, nullable=False),
    Index("stream_events_by_name", "name", "row"),
    Index("stream_events_by_expiry", "expires"),
    Index("stream_events_by_collection", "collection_id"),
    Index("stream_events_by_authorization", "authorization_id"),
    sqlite_autoincrement=True,
)

# When a processor last saw somebody whom it has raised an alert about: the next waits until they were gone.
stream_sightings = Table(
    "stream_sightings",
    metadata,
    Column(
        "processor",
        ROW,
        ForeignKey("stream_processors.row", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("subject", String(200), primary_key=True),
    Column("seen", BigInteger, nullable=False),
)

# What is to be told of an event, until somebody took it. `key_id` is whose secret signs it.
stream_notices = Table(
    "stream_notices",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("event", ROW, ForeignKey("stream_events.row", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("key_id", String(128), nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("done", BigInteger),
    Column("failure", Text),
    Index("stream_notices_by_time", "done", "next_try"),
    Index("stream_notices_by_event", "event"),
    sqlite_autoincrement=True,
)
