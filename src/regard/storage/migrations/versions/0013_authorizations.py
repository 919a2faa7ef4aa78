"""Authorizations to follow people, what they cover, and the notices beside cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "authorizations",
        sa.Column("authorization_id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(32), nullable=False),
        sa.Column("collection_id", sa.String(255), nullable=False),
        sa.Column("collection_row", sa.BigInteger, nullable=False),
        sa.Column("covert", sa.Boolean, nullable=False),
        sa.Column("grounds", sa.Text),
        sa.Column("attested", sa.Text, nullable=False),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("requested", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("ask_by", sa.BigInteger),
        sa.Column("decide_by", sa.BigInteger),
        sa.Column("asked", sa.BigInteger),
        sa.Column("asked_by", sa.String(32)),
        sa.Column("authority", sa.String(256)),
        sa.Column("issuer", sa.String(256)),
        sa.Column("number", sa.String(128)),
        sa.Column("document", sa.String(64)),
        sa.Column("issued", sa.BigInteger),
        sa.Column("approved", sa.BigInteger),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("rejected", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
        sa.Column("ended_by", sa.String(32)),
        sa.Column("ended_for", sa.Text),
        sa.Column("extends", sa.String(32)),
        sa.Column("extended", sa.BigInteger),
        sa.Column("extended_by", sa.String(32)),
        sa.Column("lapsed", sa.BigInteger),
        sa.Column("erased", sa.BigInteger),
        sa.Column("erasure_record", sa.BigInteger),
    )
    op.create_table(
        "authorization_scope",
        sa.Column(
            "authorization_id",
            sa.String(32),
            sa.ForeignKey("authorizations.authorization_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("value", sa.String(1280), primary_key=True),
    )
    op.create_table(
        "cameras",
        sa.Column("camera_id", sa.String(128), primary_key=True),
        sa.Column("added", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("camera_id", sa.String(128), sa.ForeignKey("cameras.camera_id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("covers", sa.Text, nullable=False),
        sa.Column("posted", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
    )
    op.create_index("authorizations_by_case", "authorizations", ["case_id"])
    op.add_column("jobs", sa.Column("authorization_id", sa.String(32)))
    op.create_index("jobs_by_authorization", "jobs", ["authorization_id"])
