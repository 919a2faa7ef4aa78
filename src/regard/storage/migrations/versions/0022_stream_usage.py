"""Usage of live video."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    for name in ("stream_ms", "stream_label_ms"):
        op.add_column("usage", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
