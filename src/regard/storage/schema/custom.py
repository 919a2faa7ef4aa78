"""The tables of custom labels: projects, their policies, their data sets and what is in these.

Times are milliseconds since the epoch, UTC. A `resource` is the last part of an ARN, `project/NAME/MS`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from regard.storage.schema.metadata import ROW, metadata

projects = Table(
    "projects",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("resource", String(300), nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("feature", String(32), nullable=False),
    Column("auto_update", Boolean),
    sqlite_autoincrement=True,
)

project_policies = Table(
    "project_policies",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("project", ROW, ForeignKey("projects.row", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    UniqueConstraint("project", "name", name="project_policies_by_name"),
    sqlite_autoincrement=True,
)

# Whoever makes, changes or deletes a data set holds it under the name `holder` until `held_until`; a status
# of work whose time is over is one of work that was broken off. `bucket` is where all its pictures are. The
# counts are of entries; `labels` of names that are in use. `job` is the id of the one that makes a large data
# set.
datasets = Table(
    "datasets",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("project", ROW, ForeignKey("projects.row"), nullable=False),
    Column("resource", String(330), nullable=False, unique=True),
    Column("type", String(8), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("status", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("code", String(16), nullable=False),
    Column("bucket", String(255)),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("labelled", Integer, nullable=False, server_default="0"),
    Column("with_errors", Integer, nullable=False, server_default="0"),
    Column("labels", Integer, nullable=False, server_default="0"),
    Column("holder", String(64)),
    Column("held_until", BigInteger, nullable=False, server_default="0"),
    Column("job", String(64)),
    UniqueConstraint("project", "type", name="datasets_by_type"),
    sqlite_autoincrement=True,
)

# Who needs a data set to stay: it isn't deleted while there is a row. `used_by` is the last part of an ARN.
dataset_uses = Table(
    "dataset_uses",
    metadata,
    Column("dataset", ROW, ForeignKey("datasets.row"), primary_key=True, autoincrement=False),
    Column("used_by", String(600), primary_key=True),
)

# A line of a manifest. `digest` is the SHA-256 of `source_ref`; `content` the line as it is listed, with what
# is wrong with it; `line` its number in the manifest or the change that it came with. `is_usable` says that
# nothing keeps the picture out of a training. The long index is read alone where a part of a source-ref is
# asked for.
dataset_entries = Table(
    "dataset_entries",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("dataset", ROW, ForeignKey("datasets.row"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("source_ref", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("is_labelled", Boolean, nullable=False),
    Column("has_error", Boolean, nullable=False),
    Column("is_usable", Boolean, nullable=False),
    UniqueConstraint("dataset", "digest", name="dataset_entries_by_digest"),
    Index("dataset_entries_by_source", "dataset", "row", "source_ref"),
    Index("dataset_entries_by_label", "dataset", "is_labelled", "row"),
    Index("dataset_entries_by_error", "dataset", "has_error", "row"),
    sqlite_autoincrement=True,
)

# The labels of a data set, in the order of their first appearance: how many entries have each, and how many
# have it in boxes.
dataset_labels = Table(
    "dataset_labels",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("dataset", ROW, ForeignKey("datasets.row"), nullable=False),
    Column("name", String(256), nullable=False),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("boxed", Integer, nullable=False, server_default="0"),
    UniqueConstraint("dataset", "name", name="dataset_labels_by_name"),
    sqlite_autoincrement=True,
)

# Which entries have which label. `boxes` counts those of the label in the picture; `has_error` is the
# entry's, so that a filter by both reads one range.
entry_labels = Table(
    "entry_labels",
    metadata,
    Column("label", ROW, ForeignKey("dataset_labels.row"), primary_key=True, autoincrement=False),
    Column(
        "entry",
        ROW,
        ForeignKey("dataset_entries.row", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("boxes", Integer, nullable=False),
    Column("has_error", Boolean, nullable=False),
    Index("entry_labels_by_entry", "entry"),
    sqlite_with_rowid=False,
)
