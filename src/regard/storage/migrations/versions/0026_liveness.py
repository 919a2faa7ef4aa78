"""Checks of liveness: their sessions, the images of the last minutes, and what they are counted as."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "liveness_sessions",
        sa.Column("session_id", sa.String(36), primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("kept", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text),
    )
    op.create_index("liveness_sessions_by_kept", "liveness_sessions", ["kept"])
    op.create_table(
        "liveness_images",
        sa.Column(
            "session_id",
            sa.String(36),
            sa.ForeignKey("liveness_sessions.session_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("is_written", sa.Boolean, nullable=False),
    )
    op.add_column("usage", sa.Column("liveness", sa.BigInteger, nullable=False, server_default="0"))
