"""Usage: sums of the audit log by hour, jobs whose work is in them, and how many vectors there were."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SUMS = (
    "image_1", "image_2", "image_properties", "video_ms", "segment_ms",
    "requests", "refused", "errors", "work_us",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key_id", sa.String(256), primary_key=True),
        sa.Column("operation", sa.String(256), primary_key=True),
        sa.Column("collection", sa.String(256), primary_key=True),
        sa.Column("purpose", sa.String(256), primary_key=True),
        sa.Column("case_reference", sa.String(256), primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in _SUMS),
    )
    op.create_table("usage_jobs", sa.Column("job_id", sa.String(64), primary_key=True))
    op.create_table(
        "vector_counts",
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("collection", sa.String(255), primary_key=True),
        sa.Column("faces", sa.BigInteger, nullable=False),
        sa.Column("users", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "usage_position",
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
