"""A collection whose vectors are made anew has both for a while: those of its model, and of the next."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("collections", sa.Column("next_model", sa.String(32)))
    op.create_table(
        "next_vectors",
        sa.Column("face", _ROW, sa.ForeignKey("faces.row", ondelete="CASCADE"), nullable=False),
        sa.Column("collection", _ROW, sa.ForeignKey("collections.row", ondelete="CASCADE"), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("face"),
    )
    op.create_index("next_vectors_by_collection", "next_vectors", ["collection", "face"])
