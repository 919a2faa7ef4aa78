"""How good the probe of a search was, and of a wrong lead who was told, and the person's groups."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("reviews", sa.Column("probe_brightness", sa.Float))
    op.add_column("reviews", sa.Column("probe_sharpness", sa.Float))
    op.add_column("false_matches", sa.Column("told", sa.Text, nullable=False, server_default="[]"))
    op.add_column("false_matches", sa.Column("groups", sa.Text, nullable=False, server_default="{}"))
