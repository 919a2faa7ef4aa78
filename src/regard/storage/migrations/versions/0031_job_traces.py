"""The trace of the request that started a job, to which the job's own is linked."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("trace", sa.String(64)))
