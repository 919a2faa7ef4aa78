"""Projects of custom labels, their policies, their data sets and what is in these."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("resource", sa.String(300), nullable=False, unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("feature", sa.String(32), nullable=False),
        sa.Column("auto_update", sa.Boolean),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "project_policies",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("project", _ROW, sa.ForeignKey("projects.row", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("project", "name", name="project_policies_by_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "datasets",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("project", _ROW, sa.ForeignKey("projects.row"), nullable=False),
        sa.Column("resource", sa.String(330), nullable=False, unique=True),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("bucket", sa.String(255)),
        sa.Column("total", sa.Integer, nullable=False, server_default="0"),
        sa.Column("labelled", sa.Integer, nullable=False, server_default="0"),
        sa.Column("with_errors", sa.Integer, nullable=False, server_default="0"),
        sa.Column("labels", sa.Integer, nullable=False, server_default="0"),
        sa.Column("holder", sa.String(64)),
        sa.Column("held_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("job", sa.String(64)),
        sa.UniqueConstraint("project", "type", name="datasets_by_type"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dataset_uses",
        sa.Column("dataset", _ROW, sa.ForeignKey("datasets.row"), primary_key=True, autoincrement=False),
        sa.Column("used_by", sa.String(600), primary_key=True),
    )
    op.create_table(
        "dataset_entries",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("dataset", _ROW, sa.ForeignKey("datasets.row"), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("source_ref", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("is_labelled", sa.Boolean, nullable=False),
        sa.Column("has_error", sa.Boolean, nullable=False),
        sa.Column("is_usable", sa.Boolean, nullable=False),
        sa.UniqueConstraint("dataset", "digest", name="dataset_entries_by_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("dataset_entries_by_source", "dataset_entries", ["dataset", "row", "source_ref"])
    op.create_index("dataset_entries_by_label", "dataset_entries", ["dataset", "is_labelled", "row"])
    op.create_index("dataset_entries_by_error", "dataset_entries", ["dataset", "has_error", "row"])
    op.create_table(
        "dataset_labels",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("dataset", _ROW, sa.ForeignKey("datasets.row"), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("boxed", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("dataset", "name", name="dataset_labels_by_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "entry_labels",
        sa.Column("label", _ROW, sa.ForeignKey("dataset_labels.row"), primary_key=True, autoincrement=False),
        sa.Column(
            "entry",
            _ROW,
            sa.ForeignKey("dataset_entries.row", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("boxes", sa.Integer, nullable=False),
        sa.Column("has_error", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("entry_labels_by_entry", "entry_labels", ["entry"])
