"""Quotas, and usage by person, of which earlier records say nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_NAMES = ("key_id", "operation", "collection", "purpose", "case_reference", "person_id")
_SUMS = (
    "image_1", "image_2", "image_properties", "video_ms", "segment_ms",
    "requests", "refused", "errors", "work_us",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "quotas",
        sa.Column("holder", sa.String(128), primary_key=True),
        sa.Column("quota", sa.String(16), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("warned", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.rename_table("usage", "usage_before")
    if op.get_bind().dialect.name == "postgresql":  # where an index keeps its name, which is needed again
        op.execute("ALTER INDEX usage_pkey RENAME TO usage_before_pkey")
    op.create_table(
        "usage",
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String(256), primary_key=True) for name in _NAMES),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in _SUMS),
    )
    kept = ", ".join(("hour", *(name for name in _NAMES if name != "person_id"), *_SUMS))
    op.execute(f"INSERT INTO usage ({kept}, person_id) SELECT {kept}, '' FROM usage_before")  # noqa: S608
    op.drop_table("usage_before")
