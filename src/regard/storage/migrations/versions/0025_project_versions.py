"""Versions of projects, and the models that were trained for them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "project_versions",
        sa.Column("row", ROW, primary_key=True, autoincrement=True),
        sa.Column("resource", sa.String(640), nullable=False, unique=True),
        sa.Column("project", ROW, sa.ForeignKey("projects.row"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("billable_ms", sa.BigInteger),
        sa.Column("training", sa.Text),
        sa.Column("testing", sa.Text),
        sa.Column("f1", sa.Float),
        sa.Column("summary", sa.Text),
        sa.Column("manifest_summary", sa.Text),
        sa.Column("use_case", sa.String(32)),
        sa.Column("model", sa.String(64)),
        sa.Column("backbone", sa.String(64)),
        sa.Column("source_arn", sa.String(2048)),
        sa.Column("min_units", sa.Integer),
        sa.Column("max_units", sa.Integer),
        sa.Column("started", sa.BigInteger),
        sa.Column("started_by", sa.Text),
        sa.Column("counted", sa.BigInteger),
        sa.UniqueConstraint("project", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("project_versions_by_project", "project_versions", ["project", "row"])
    op.create_index("project_versions_by_job", "project_versions", ["job_id"])
    op.create_index("project_versions_by_model", "project_versions", ["model"])
    op.create_index("project_versions_by_status", "project_versions", ["status"])
    op.create_table(
        "custom_models",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    for unit in ("training_ms", "inference_ms"):
        op.add_column("usage", sa.Column(unit, sa.BigInteger, nullable=False, server_default="0"))
