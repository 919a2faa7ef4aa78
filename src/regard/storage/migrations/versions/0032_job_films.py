"""Which film a job analysed, so that no other in its place is taken for it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("film", sa.String(128)))
