"""People, who own keys, their training, their sessions, and the cases that they work on."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "numbers",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.BigInteger),
        sa.Column("factor", sa.LargeBinary),
        sa.Column("factor_step", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("key_id", sa.String(128), nullable=False),
        sa.Column("verified", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_by_person", "sessions", ["person_id"])
    op.create_table(
        "training",
        sa.Column("training_id", sa.String(32), primary_key=True),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("course", sa.String(256), nullable=False),
        sa.Column("completed", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("document", sa.String(64)),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.String(128), nullable=False),
    )
    op.create_index("training_by_person", "training", ["person_id", "kind", "until"])
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(32), primary_key=True),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("offence", sa.String(256)),
        sa.Column("justification", sa.Text, nullable=False),
        sa.Column("attested", sa.Text, nullable=False),
        sa.Column("edits", sa.Text, nullable=False),
        sa.Column("members", sa.Text, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.String(32), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("closed", sa.BigInteger),
        sa.Column("closed_by", sa.String(32)),
        sa.Column("closed_for", sa.Text),
    )
    op.create_index("cases_by_opening", "cases", ["opened", "case_id"])
    op.add_column("keys", sa.Column("person_id", sa.String(32)))
    op.add_column("keys", sa.Column("case_id", sa.String(32)))
    op.add_column("keys", sa.Column("expires", sa.BigInteger))
