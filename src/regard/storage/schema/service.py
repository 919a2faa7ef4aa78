"""The tables of what the service keeps: keys, collections, usage, the audit log.

Times are milliseconds since the epoch, UTC. Vectors are little-endian float16.
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
    UniqueConstraint,
    text,
)

from regard.storage.schema.metadata import ROW, metadata

keys = Table(
    "keys",
    metadata,
    Column("key_id", String(128), primary_key=True),
    # SigV4 is an HMAC over the secret itself, so that it can't be kept as a hash.
    Column("secret", String(128), nullable=False),
    Column("name", String(128), nullable=False, unique=True),
    Column("role", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("policy", Text),
    Column("created", BigInteger, nullable=False),
    Column("suspended", BigInteger),
    # The person whose key it is, the case that it was made for, and until when; None for none.
    Column("person_id", String(32)),
    Column("case_id", String(32)),
    Column("expires", BigInteger),
)

collections = Table(
    "collections",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("collection_id", String(255), nullable=False, unique=True),
    Column("face_model_version", String(32), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("face_count", BigInteger, nullable=False, default=0),
    Column("user_count", BigInteger, nullable=False, server_default="0"),
    # Grows with every change of a vector, so that one glance tells an index whether it is behind.
    Column("version", BigInteger, nullable=False, server_default="0"),
    # The face model that its vectors are being made anew by.
    Column("next_model", String(32)),
    # Since when each face takes a consent, and for how many days faces are kept, as its tags say; None for no
    # such tag.
    Column("consent_since", BigInteger),
    Column("face_days", Integer),
    sqlite_autoincrement=True,  # a deleted collection's row is never given to another
)

faces = Table(
    "faces",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
    Column("face_id", String(36), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("image_digest", String(64), nullable=False),
    Column("external_image_id", String(255), nullable=False, default=""),
    Column("user_id", String(128)),
    Column("left", Float, nullable=False),
    Column("top", Float, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    # Who enrolled it (`enrollers`); None for the owner of the data folder, and of faces of before.
    Column("enroller", ROW),
    UniqueConstraint("collection", "face_id"),
    Index("faces_by_image", "collection", "image_digest", "external_image_id"),
    Index("faces_by_collection", "collection", "row"),
    Index("faces_by_user", "collection", "user_id"),
    Index(
        "faces_by_enroller",
        "enroller",
        sqlite_where=text("enroller IS NOT NULL"),
        postgresql_where=text("enroller IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# The digest of the encryption key that the database's secrets were encrypted with, where servers share it.
encryption_keys = Table(
    "encryption_keys",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
)

# Who has enrolled faces: a key, and whose it was then; "" for nobody's. Rows are never changed or removed.
enrollers = Table(
    "enrollers",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("key_id", String(128), nullable=False),
    Column("person_id", String(32), nullable=False),
    UniqueConstraint("key_id", "person_id"),
    Index("enrollers_by_person", "person_id"),
    sqlite_autoincrement=True,
)

# The vectors of faces by their collection's `next_model`, until all have one.
next_vectors = Table(
    "next_vectors",
    metadata,
    Column("face", ROW, ForeignKey("faces.row", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("next_vectors_by_collection", "collection", "face"),
)

users = Table(
    "users",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("collection", "user_id"),
    Index("users_by_collection", "collection", "row"),
    sqlite_autoincrement=True,
)

# The vector of a user that has faces. It changes with them, and every change of it gets a row of its own.
user_vectors = Table(
    "user_vectors",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
    Column("user", ROW, ForeignKey("users.row", ondelete="CASCADE"), nullable=False, unique=True),
    Column("vector", LargeBinary, nullable=False),
    Column("faces", Integer, nullable=False),
    Index("user_vectors_by_collection", "collection", "row"),
    sqlite_autoincrement=True,
)

# Whom RecognizeCelebrities knows. Each is a user, by the celebrity's id, of a collection that is kept for
# them and that no operation reaches; `urls` is a JSON list.
celebrities = Table(
    "celebrities",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("celebrity_id", String(8), nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("urls", Text, nullable=False),
    Column("known_gender", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Pictures that DetectModerationLabels was told to have reviewed. `reasons`, `labels` and `classifiers`: JSON.
moderation_reviews = Table(
    "moderation_reviews",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("loop_name", String(63), nullable=False, unique=True),
    Column("flow_definition", String(256), nullable=False),
    Column("image_digest", String(64), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("classifiers", Text, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# What requests with a ClientRequestToken were answered, JSON, until `expires`, or as long as it is NULL.
# `digest` tells requests with the same token apart; `resource` is what they changed, named as tags name it.
request_tokens = Table(
    "request_tokens",
    metadata,
    Column("key_id", String(128), primary_key=True),
    Column("operation", String(64), primary_key=True),
    Column("token", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("resource", String(2048), nullable=False),
    Column("expires", BigInteger),
    Index("request_tokens_by_expiry", "expires"),
    Index("request_tokens_by_resource", "resource"),
)

# Vectors that were erased, in order. With the vectors themselves, whose rows only grow, it is the log that
# every process feeds its indexes from; `space` says whose vector it was, a face's or a user's.
removals = Table(
    "removals",
    metadata,
    Column("sequence", ROW, primary_key=True, autoincrement=True),
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
    Column("space", String(8), nullable=False),
    Column("vector", ROW, nullable=False),
    Index("removals_by_collection", "collection", "space", "sequence"),
    sqlite_autoincrement=True,
)

# How far an engine that all servers share has followed a collection, and what it calls its index of it. The
# name holds the incarnation, so that a backup's position is never taken for that of another life's index.
engine_positions = Table(
    "engine_positions",
    metadata,
    Column("collection", ROW, ForeignKey("collections.row", ondelete="CASCADE"), primary_key=True),
    Column("space", String(8), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("vector", BigInteger, nullable=False),
    Column("removal", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)

# What is known of the database as a whole. `incarnation` changes when a backup is restored, so that no
# index kept from before is taken for its own.
facts = Table(
    "facts",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("resource", String(2048), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", ROW, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Days of the log that are over: which records are theirs, and the signed root over the hashes of these
# (`governance/proof/day.py`). `blocks` has the roots of the tree's blocks, from which a record's path to the
# day's root is made without reading the day.
audit_days = Table(
    "audit_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("first", BigInteger, nullable=False, unique=True),
    Column("last", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    Column("blocks", LargeBinary, nullable=False),
)

# What was published elsewhere: the last sealed day by where, as the SHA-256 of the place.
audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("anchor", String(64), primary_key=True),
    Column("day", String(10), nullable=False),
)

# What time-stamping authorities answered: `token` is a TimeStampResp (RFC 3161, DER) of what the day's seal
# signs; `anchor` as in `audit_anchors`.
audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("day", String(10), nullable=False),
    Column("anchor", String(64), nullable=False),
    Column("token", LargeBinary, nullable=False),
    UniqueConstraint("day", "anchor"),
    sqlite_autoincrement=True,
)

# What the audit log's records up to `usage_position` come to. `hour` is its beginning; "" is none.
usage = Table(
    "usage",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("key_id", String(256), primary_key=True),
    Column("operation", String(256), primary_key=True),
    Column("collection", String(256), primary_key=True),
    Column("purpose", String(256), primary_key=True),
    Column("case_reference", String(256), primary_key=True),
    Column("person_id", String(256), primary_key=True),
    Column("image_1", BigInteger, nullable=False, server_default="0"),
    Column("image_2", BigInteger, nullable=False, server_default="0"),
    Column("image_properties", BigInteger, nullable=False, server_default="0"),
    Column("video_ms", BigInteger, nullable=False, server_default="0"),
    Column("segment_ms", BigInteger, nullable=False, server_default="0"),
    Column("stream_ms", BigInteger, nullable=False, server_default="0"),
    Column("stream_label_ms", BigInteger, nullable=False, server_default="0"),
    Column("training_ms", BigInteger, nullable=False, server_default="0"),
    Column("inference_ms", BigInteger, nullable=False, server_default="0"),
    Column("liveness", BigInteger, nullable=False, server_default="0"),
    Column("requests", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("errors", BigInteger, nullable=False, server_default="0"),
    Column("work_us", BigInteger, nullable=False, server_default="0"),
)

# One row: the number of the last record that is in `usage`. Whoever adds to the sums moves it first.
usage_position = Table(
    "usage_position",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
)

# Jobs whose work is in `usage`, so that it never is twice.
usage_jobs = Table("usage_jobs", metadata, Column("job_id", String(64), primary_key=True))

# How many vectors of faces and users each collection had, once an hour. The row of "" says that the hour
# was counted.
vector_counts = Table(
    "vector_counts",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("collection", String(255), primary_key=True),
    Column("faces", BigInteger, nullable=False),
    Column("users", BigInteger, nullable=False),
)
