"""Jobs on stored videos, what they found, and whom to tell of their end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), nullable=False, unique=True),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("case_reference", sa.String(256)),
        sa.Column("key_id", sa.String(128), nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("collection_id", sa.String(255)),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("threshold", sa.Float),
        sa.Column("token", sa.String(64)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("expires", sa.BigInteger),
        sa.Column("holder", sa.String(255)),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("progress", sa.Float, nullable=False, server_default="0"),
        sa.Column("found", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.Text),
        sa.Column("facts", sa.Text, nullable=False, server_default="{}"),
        sa.Column("cancelled", sa.BigInteger),
        sa.UniqueConstraint("key_id", "operation", "token"),
        sqlite_autoincrement=True,
    )
    op.create_index("jobs_by_status", "jobs", ["status", "lease_until"])
    op.create_index("jobs_by_expiry", "jobs", ["expires"])
    op.create_table(
        "job_items",
        sa.Column("job", _ROW, sa.ForeignKey("jobs.row", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("view", sa.String(16), nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("job_items_by_time", "job_items", ["job", "view", "timestamp", "number"])
    op.create_index("job_items_by_key", "job_items", ["job", "view", "key", "timestamp", "number"])
    op.create_table(
        "job_notices",
        sa.Column(
            "job", _ROW, sa.ForeignKey("jobs.row", ondelete="CASCADE"), primary_key=True, autoincrement=False
        ),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger),
        sa.Column("failure", sa.Text),
    )
    op.create_index("job_notices_by_time", "job_notices", ["done", "next_try"])
