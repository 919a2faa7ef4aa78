"""Accounts at an identity provider, the domain of a passkey, and room for every way to sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("passkeys", sa.Column("domain", sa.String(253)))
    with op.batch_alter_table("browser_sessions") as sessions:
        sessions.alter_column("means", existing_type=sa.String(16), type_=sa.String(32))
    op.create_table(
        "provider_identities",
        sa.Column("issuer", sa.String(512), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("label", sa.String(128), nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
    )
    op.create_index("provider_identities_by_person", "provider_identities", ["person_id"])
