"""Celebrities."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "celebrities",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("celebrity_id", sa.String(8), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("urls", sa.Text, nullable=False),
        sa.Column("known_gender", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
