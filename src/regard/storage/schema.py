"""The tables. A change here needs a migration beside it; a test compares the two.

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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite only gives rowid semantics to "INTEGER PRIMARY KEY".
_ROW = BigInteger().with_variant(Integer, "sqlite")

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
)

collections = Table(
    "collections",
    metadata,
    Column("row", _ROW, primary_key=True, autoincrement=True),
    Column("collection_id", String(255), nullable=False, unique=True),
    Column("face_model_version", String(32), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("face_count", BigInteger, nullable=False, default=0),
    sqlite_autoincrement=True,  # a deleted collection's row is never given to another
)

faces = Table(
    "faces",
    metadata,
    Column("row", _ROW, primary_key=True, autoincrement=True),
    Column("collection", _ROW, ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
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
    UniqueConstraint("collection", "face_id"),
    Index("faces_by_image", "collection", "image_digest", "external_image_id"),
    Index("faces_by_collection", "collection", "row"),
    sqlite_autoincrement=True,
)

# What has happened to the faces of a collection, in order: every process feeds its indexes from it.
changes = Table(
    "changes",
    metadata,
    Column("sequence", _ROW, primary_key=True, autoincrement=True),
    Column("collection", _ROW, nullable=False),
    Column("face", _ROW, nullable=False),
    Column("kind", String(8), nullable=False),
    Index("changes_by_collection", "collection", "sequence"),
    sqlite_autoincrement=True,
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
    Column("sequence", _ROW, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)
