"""Stream processors, what they saw and whom that is told; the sources of cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stream_processors",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(128), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_shown", sa.Text, nullable=False),
        sa.Column("camera_id", sa.String(128)),
        sa.Column("place", sa.String(256)),
        sa.Column("output", sa.Text),
        sa.Column("bucket", sa.String(255)),
        sa.Column("key_prefix", sa.String(1024)),
        sa.Column("collection_id", sa.String(255)),
        sa.Column("threshold", sa.Float),
        sa.Column("labels", sa.Text, nullable=False, server_default="[]"),
        sa.Column("min_confidence", sa.Float),
        sa.Column("regions", sa.Text, nullable=False, server_default="[]"),
        sa.Column("channel", sa.Text),
        sa.Column("kms_key_id", sa.String(2048)),
        sa.Column("role_arn", sa.String(2048), nullable=False),
        sa.Column("data_sharing", sa.Boolean),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("session", sa.String(64)),
        sa.Column("started", sa.BigInteger),
        sa.Column("started_by", sa.Text),
        sa.Column("request_id", sa.String(64)),
        sa.Column("case_id", sa.String(256)),
        sa.Column("authorization_id", sa.String(32)),
        sa.Column("authorized_until", sa.BigInteger),
        sa.Column("purpose", sa.String(32), nullable=False, server_default="general"),
        sa.Column("match_threshold", sa.Float),
        sa.Column("start_selector", sa.Text),
        sa.Column("stop_seconds", sa.Integer),
        sa.Column("state", sa.Text, nullable=False, server_default="{}"),
        sa.Column("checkpoint", sa.Text, nullable=False, server_default="{}"),
        sa.Column("holder", sa.String(255)),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_index("stream_processors_by_status", "stream_processors", ["status", "lease_until"])
    op.create_index("stream_processors_by_authorization", "stream_processors", ["authorization_id"])
    op.create_table(
        "stream_events",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(64), nullable=False, unique=True),
        sa.Column("processor", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.String(200)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("crop", sa.LargeBinary),
        sa.Column("frame", sa.LargeBinary),
        sa.Column("collection_id", sa.String(255)),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("authorization_id", sa.String(32)),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("stream_events_by_name", "stream_events", ["name", "row"])
    op.create_index("stream_events_by_expiry", "stream_events", ["expires"])
    op.create_index("stream_events_by_collection", "stream_events", ["collection_id"])
    op.create_index("stream_events_by_authorization", "stream_events", ["authorization_id"])
    op.create_table(
        "stream_sightings",
        sa.Column(
            "processor",
            _ROW,
            sa.ForeignKey("stream_processors.row", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "stream_notices",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("event", _ROW, sa.ForeignKey("stream_events.row", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(128), nullable=False),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("done", sa.BigInteger),
        sa.Column("failure", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("stream_notices_by_time", "stream_notices", ["done", "next_try"])
    op.create_index("stream_notices_by_event", "stream_notices", ["event"])
    op.add_column("cameras", sa.Column("source", sa.String(64)))
    op.add_column("cameras", sa.Column("place", sa.String(256)))
    op.add_column("cameras", sa.Column("covers", sa.Text))
    op.create_index("cameras_by_source", "cameras", ["source"], unique=True)
