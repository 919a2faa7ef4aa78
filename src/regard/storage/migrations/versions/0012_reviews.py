"""Reviews of what searches find: candidates, ratings, evidence, and what follows."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0015"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WORDS = "rows of ratings are never changed or removed"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review_id", sa.String(32), nullable=False, unique=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.case_id")),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("scope", sa.String(320), nullable=False),
        sa.Column("asked", sa.String(64), unique=True),
        sa.Column("probe", sa.String(64), nullable=False),
        sa.Column("probe_picture", sa.LargeBinary),
        sa.Column("collection_id", sa.String(255)),
        sa.Column("collection", sa.BigInteger),
        sa.Column("gallery_version", sa.BigInteger),
        sa.Column("gallery_size", sa.BigInteger),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("searcher", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("record", sa.BigInteger),
        sa.Column("reviewers", sa.Integer, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer, nullable=False, server_default="1"),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("decided", sa.BigInteger),
        sa.Column("assignee", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_index("reviews_by_status", "reviews", ["status", "opened"])
    op.create_index("reviews_by_case", "reviews", ["case_id", "row"])
    op.create_table(
        "candidates",
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("similarity", sa.Float, nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("face", sa.BigInteger),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("is_same", sa.Boolean),
    )
    op.create_index("candidates_by_subject", "candidates", ["subject"])
    op.create_table(
        "ratings",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("features", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("review", "number", "person_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ratings_by_person", "ratings", ["person_id", "row"])
    op.create_table(
        "evidence",
        sa.Column("evidence_id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("reference", sa.String(256)),
        sa.Column("document", sa.String(64)),
        sa.Column("independent", sa.Boolean, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String(32), nullable=False),
    )
    op.create_index("evidence_by_candidate", "evidence", ["review", "number"])
    op.create_table(
        "conclusions",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("concluded", sa.BigInteger, nullable=False),
        sa.Column("concluded_by", sa.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("conclusions_by_candidate", "conclusions", ["review", "number"])
    op.create_table(
        "false_matches",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("collection", sa.BigInteger),
        sa.Column("collection_id", sa.String(255)),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("gallery_size", sa.BigInteger),
        sa.Column("similarity", sa.Float, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("consequence", sa.String(16), nullable=False),
        sa.Column("found", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("false_matches_by_collection", "false_matches", ["collection", "row"])
    op.create_table(
        "search_resumptions",
        sa.Column("row", _ROW, primary_key=True, autoincrement=True),
        sa.Column("collection", sa.BigInteger, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("resumed", sa.BigInteger, nullable=False),
        sa.Column("resumed_by", sa.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("search_resumptions_by_collection", "search_resumptions", ["collection", "row"])
    op.create_table(
        "proficiency",
        sa.Column("person_id", sa.String(32), primary_key=True),
        sa.Column("review", _ROW, sa.ForeignKey("reviews.row"), primary_key=True, autoincrement=False),
        sa.Column("same", sa.Integer, nullable=False),
        sa.Column("different", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("mistaken", sa.Integer, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "face_crops",
        sa.Column(
            "face",
            _ROW,
            sa.ForeignKey("faces.row", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("picture", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ratings_refuses_{act.lower()} BEFORE {act} ON ratings "
                f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER ratings_refuses_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON ratings "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
