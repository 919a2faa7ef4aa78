"""The tables of what was trained: versions of projects, and their models.

Times are milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
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

# `resource` is the last part of the version's ARN. `request` (of CreateProjectVersion or CopyProjectVersion),
# `training` and `testing` (TrainingDataResult and TestingDataResult) are JSON, and so are `summary` and
# `manifest_summary`: bucket and name of an object. `job_id` is the job that trains or copies. `model` is the
# digest of a row of `custom_models`, `backbone` that of the network whose features the model reads, None as
# long as there is none. `started` is since when it runs, `counted` up to when usage has that, `asked` when it
# was last started or asked, to some minutes.
project_versions = Table(
    "project_versions",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("resource", String(640), nullable=False, unique=True),
    Column("project", ROW, ForeignKey("projects.row"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("ended", BigInteger),
    Column("billable_ms", BigInteger),
    Column("training", Text),
    Column("testing", Text),
    Column("f1", Float),
    Column("summary", Text),
    Column("manifest_summary", Text),
    Column("use_case", String(32)),
    Column("model", String(64)),
    Column("backbone", String(64)),
    Column("source_arn", String(2048)),
    Column("min_units", Integer),
    Column("max_units", Integer),
    Column("started", BigInteger),
    Column("started_by", Text),
    Column("counted", BigInteger),
    Column("asked", BigInteger),
    UniqueConstraint("project", "name"),
    Index("project_versions_by_project", "project", "row"),
    Index("project_versions_by_job", "job_id"),
    Index("project_versions_by_model", "model"),
    Index("project_versions_by_status", "status"),
    sqlite_autoincrement=True,
)

# Models, each an ONNX file, by the SHA-256 of its bytes. A model is written before the row that names it; one
# that no row names is erased an hour later.
custom_models = Table(
    "custom_models",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)
