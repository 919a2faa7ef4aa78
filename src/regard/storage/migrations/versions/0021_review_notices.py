"""Notices of what reviews have come to, and where a case wants them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("channel", sa.Text))
    op.add_column("cases", sa.Column("channel_key", sa.String(128)))
    op.create_table(
        "review_notices",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(128), nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("done", sa.BigInteger),
        sa.Column("failure", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("review_notices_by_time", "review_notices", ["done", "next_try"])
