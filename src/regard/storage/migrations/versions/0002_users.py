"""Users and their vectors, idempotent requests, removals in place of changes, and facts of the database."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _collection() -> sa.Column[int]:
    return sa.Column("collection", _ROW, sa.ForeignKey("collections.row", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.add_column("collections", sa.Column("user_count", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("collections", sa.Column("version", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("faces_by_user", "faces", ["collection", "user_id"])
    op.create_table(
        "users",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        _collection(),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("collection", "user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("users_by_collection", "users", ["collection", "row"])
    op.create_table(
        "user_vectors",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        _collection(),
        sa.Column("user", _ROW, sa.ForeignKey("users.row", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("faces", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("user_vectors_by_collection", "user_vectors", ["collection", "row"])
    op.create_table(
        "requests",
        _collection(),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("collection", "operation", "token"),
    )
    op.create_index("requests_by_age", "requests", ["created"])
    op.create_table(
        "removals",
        sa.Column("sequence", _ROW, primary_key=True, autoincrement=True),
        _collection(),
        sa.Column("space", sa.String(8), nullable=False),
        sa.Column("vector", _ROW, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("removals_by_collection", "removals", ["collection", "space", "sequence"])
    op.create_table(
        "engine_positions",
        _collection(),
        sa.Column("space", sa.String(8), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("vector", sa.BigInteger, nullable=False),
        sa.Column("removal", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("collection", "space"),
    )
    facts = op.create_table(
        "facts",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.bulk_insert(facts, [{"name": "incarnation", "value": str(uuid.uuid4())}])
    # Indexes were never kept, so that none is behind: their log begins anew.
    op.drop_table("changes")
