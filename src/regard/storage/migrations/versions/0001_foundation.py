"""Keys, collections, faces, their changes, tags, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.String(128), primary_key=True),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False, unique=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("policy", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.BigInteger),
    )
    op.create_table(
        "collections",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("collection_id", sa.String(255), nullable=False, unique=True),
        sa.Column("face_model_version", sa.String(32), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("face_count", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "faces",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("collection", _ROW, sa.ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
        sa.Column("face_id", sa.String(36), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("image_digest", sa.String(64), nullable=False),
        sa.Column("external_image_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(128)),
        sa.Column("left", sa.Float, nullable=False),
        sa.Column("top", sa.Float, nullable=False),
        sa.Column("width", sa.Float, nullable=False),
        sa.Column("height", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("collection", "face_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("faces_by_image", "faces", ["collection", "image_digest", "external_image_id"])
    op.create_index("faces_by_collection", "faces", ["collection", "row"])
    op.create_table(
        "changes",
        sa.Column("sequence", _ROW, primary_key=True, autoincrement=True),
        sa.Column("collection", _ROW, nullable=False),
        sa.Column("face", _ROW, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_by_collection", "changes", ["collection", "sequence"])
    op.create_table(
        "tags",
        sa.Column("resource", sa.String(2048), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("value", sa.String(256), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", _ROW, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
