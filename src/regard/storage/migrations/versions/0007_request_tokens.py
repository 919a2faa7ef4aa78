"""One table of request tokens, told apart by caller and operation."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_DAY = 24 * 60 * 60 * 1000

# Whose requests about users these were was not kept: whoever sends one again is answered as they were before.
# A token that came with two collections is now one, with the last of them.
_OF_COLLECTIONS = """
INSERT INTO request_tokens (key_id, operation, token, digest, answer, resource, expires)
SELECT callers.key_id, latest.operation, latest.token, latest.digest, latest.response,
       'collection/' || collections.collection_id, latest.created + :day
FROM (SELECT requests.*,
             ROW_NUMBER() OVER (PARTITION BY operation, token ORDER BY created DESC, collection DESC) AS place
      FROM requests WHERE created > :now - :day) AS latest
JOIN collections ON collections."row" = latest.collection
CROSS JOIN (SELECT key_id FROM keys UNION SELECT 'local') AS callers
WHERE latest.place = 1
"""
_OF_JOBS = """
INSERT INTO request_tokens (key_id, operation, token, digest, answer, resource, expires)
SELECT key_id, operation, token, digest, '{"JobId": "' || job_id || '"}', 'job/' || job_id, expires
FROM jobs WHERE token IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "request_tokens",
        sa.Column("key_id", sa.String(128), primary_key=True),
        sa.Column("operation", sa.String(64), primary_key=True),
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("resource", sa.String(2048), nullable=False),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_index("request_tokens_by_expiry", "request_tokens", ["expires"])
    op.create_index("request_tokens_by_resource", "request_tokens", ["resource"])
    connection = op.get_bind()
    connection.execute(sa.text(_OF_COLLECTIONS), {"day": _DAY, "now": time.time_ns() // 1_000_000})
    connection.execute(sa.text(_OF_JOBS))
    op.drop_table("requests")
    _drop_columns(connection)


def _drop_columns(connection: sa.Connection) -> None:
    """Row numbers of jobs are never given twice: SQLite, which makes the table anew, is told the last."""
    last = None
    if connection.dialect.name == "sqlite":
        last = connection.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'")).scalar()
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        jobs.drop_column("token")
        jobs.drop_column("digest")
    if last is not None:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'jobs'"))
        connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('jobs', :last)"), {"last": last})
