"""Time-stamps of sealed days."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_timestamps",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("anchor", sa.String(64), nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("day", "anchor"),
        sqlite_autoincrement=True,
    )
