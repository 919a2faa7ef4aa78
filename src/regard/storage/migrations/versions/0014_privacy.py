"""Consents, erasures with receipts, people's feedback, cases on hold; how long faces are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("collection", sa.String(255), nullable=False),
        sa.Column("row_of", _ROW, nullable=False),
        sa.Column("text_version", sa.String(128), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.String(128), nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
        sa.Column("withdrawn_by", sa.String(128)),
        sa.Column("erased", sa.BigInteger),
    )
    op.create_index("consents_by_subject", "consents", ["row_of", "subject"])
    op.create_index("consents_by_end", "consents", ["row_of", "erased", "until"])
    op.create_index("consents_by_giving", "consents", ["row_of", "erased", "given"])
    op.create_table(
        "erasures",
        sa.Column("receipt_id", sa.String(32), primary_key=True),
        sa.Column("collection", sa.String(255), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("faces", sa.BigInteger, nullable=False),
        sa.Column("users", sa.BigInteger, nullable=False),
        sa.Column("face_ids", sa.Text, nullable=False),
        sa.Column("erased", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("erasures_by_record", "erasures", ["sequence"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.String(32), primary_key=True),
        sa.Column("code_digest", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("contact", sa.LargeBinary),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("address", sa.String(64)),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("extended_for", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("complain_to", sa.Text),
        sa.Column("receipts", sa.Text, nullable=False),
        sa.Column("decided", sa.BigInteger),
        sa.Column("decided_by", sa.String(32)),
    )
    op.create_index("feedback_by_time", "feedback", ["received", "feedback_id"])
    op.create_index("feedback_by_address", "feedback", ["address", "received"])
    op.create_table(
        "case_holds",
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.case_id"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("asked_by", sa.String(32), nullable=False),
        sa.Column("asked_as", sa.String(16), nullable=False),
        sa.Column("confirmed", sa.BigInteger),
        sa.Column("confirmed_by", sa.String(32)),
    )
    op.add_column("cases", sa.Column("purged", sa.BigInteger))
    op.add_column("collections", sa.Column("consent_since", sa.BigInteger))
    op.add_column("collections", sa.Column("face_days", sa.Integer))
