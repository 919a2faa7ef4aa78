"""Pictures that are to be reviewed after moderation."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "moderation_reviews",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("loop_name", sa.String(63), nullable=False, unique=True),
        sa.Column("flow_definition", sa.String(256), nullable=False),
        sa.Column("image_digest", sa.String(64), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("classifiers", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
