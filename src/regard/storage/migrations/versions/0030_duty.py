"""Urgent cases, reviewers on duty, and calls to them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("urgent", sa.BigInteger))
    op.add_column("cases", sa.Column("urgent_by", sa.String(32)))
    op.add_column("cases", sa.Column("urgent_for", sa.Text))
    op.add_column("reviews", sa.Column("called", sa.BigInteger))
    op.create_table(
        "duty",
        sa.Column("person_id", sa.String(32), sa.ForeignKey("people.person_id"), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(128), nullable=False),
    )
    op.create_table(
        "duty_calls",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
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
    op.create_index("duty_calls_by_time", "duty_calls", ["done", "next_try"])
