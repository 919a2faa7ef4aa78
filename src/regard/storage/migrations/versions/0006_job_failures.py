"""What kind of error ended a job, beside what is said of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("failure", sa.String(64)))
