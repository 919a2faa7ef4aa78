"""Who enrolled which face, for quotas on faces that are stored."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KNOWN = sa.text("enroller IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "enrollers",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("key_id", sa.String(128), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.UniqueConstraint("key_id", "person_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("enrollers_by_person", "enrollers", ["person_id"])
    op.add_column("faces", sa.Column("enroller", _ROW))
    op.create_index("faces_by_enroller", "faces", ["enroller"], sqlite_where=_KNOWN, postgresql_where=_KNOWN)
