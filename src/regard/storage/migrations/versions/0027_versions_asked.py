"""When a version of custom labels was last asked, by which forgotten ones are stopped."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("project_versions", sa.Column("asked", sa.BigInteger))
    now = sa.text("UPDATE project_versions SET asked = :now WHERE status = 'RUNNING'")
    op.get_bind().execute(now, {"now": time.time_ns() // 1_000_000})  # what runs may have been asked just now
