"""By which account and session of an identity provider somebody signed in, so that it can end that."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("browser_sessions", sa.Column("issuer", sa.String(512)))
    op.add_column("browser_sessions", sa.Column("subject", sa.String(255)))
    op.add_column("browser_sessions", sa.Column("sid", sa.String(255)))
    op.create_index("browser_sessions_by_account", "browser_sessions", ["issuer", "subject"])
