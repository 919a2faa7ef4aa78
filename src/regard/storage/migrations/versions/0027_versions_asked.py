"""When a version of custom labels was last asked, by which forgotten ones are stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("project_versions", sa.Column("asked", sa.BigInteger))
