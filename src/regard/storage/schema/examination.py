"""The tables of reviews: what people are shown of a search, how they rate it, and what follows.

Times are milliseconds since the epoch, UTC. Pictures are encrypted, by a key that the database doesn't hold.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

# A search whose candidates people rate. `asked` is the SHA-256 of case, scope and probe while the review
# stands, so that there is one; `scope` is what was searched. `record` is the number of the audit record of
# the search. `salt` orders its sheets, another for each reviewer. `assignee` has a sheet until `lease_until`.
# `case_id` and `record` are None where the answer is known beforehand. `authorization_id` is the leave that
# moving pictures were searched by. The review has expired at `due`, None for the rules' time.
# `called` is when reviewers on duty were called to it.
reviews = Table(
    "reviews",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review_id", String(32), nullable=False, unique=True),
    Column("case_id", String(32), ForeignKey("cases.case_id")),
    Column("operation", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("scope", String(320), nullable=False),
    Column("asked", String(64), unique=True),
    Column("probe", String(64), nullable=False),
    Column("probe_picture", LargeBinary),
    Column("probe_brightness", Float),
    Column("probe_sharpness", Float),
    Column("collection_id", String(255)),
    Column("collection", BigInteger),
    Column("gallery_version", BigInteger),
    Column("gallery_size", BigInteger),
    Column("model", String(32), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("searcher", String(32), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("record", BigInteger),
    Column("reviewers", Integer, nullable=False),
    Column("salt", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("opened", BigInteger, nullable=False),
    Column("decided", BigInteger),
    Column("assignee", String(32)),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("due", BigInteger),
    Column("called", BigInteger),
    Column("authorization_id", String(32)),
    Index("reviews_by_status", "status", "opened"),
    Index("reviews_by_case", "case_id", "row"),
    Index("reviews_by_authorization", "authorization_id"),
    sqlite_autoincrement=True,
)

# `number` is what clients are told, shuffled; `rank` says which was the most alike. `subject` names what was
# found, `face` is the row of the face whose picture is shown, `picture` the picture itself where no face is
# enrolled. `entry` is the entry of the search's answer, JSON. `is_same` is the answer that is known.
candidates = Table(
    "candidates",
    metadata,
    Column("review", ROW, ForeignKey("reviews.row"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, nullable=False),
    Column("similarity", Float, nullable=False),
    Column("subject", String(200), nullable=False),
    Column("face", BigInteger),
    Column("picture", LargeBinary),
    Column("entry", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("is_same", Boolean),
    Index("candidates_by_subject", "subject"),
)

# What a reviewer said of a candidate; `value` from -3, surely another person, to 3, surely the same.
# `features` is a JSON list.
ratings = Table(
    "ratings",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("person_id", String(32), nullable=False),
    Column("value", Integer, nullable=False),
    Column("features", Text, nullable=False),
    Column("note", Text),
    Column("given", BigInteger, nullable=False),
    UniqueConstraint("review", "number", "person_id"),
    Index("ratings_by_person", "person_id", "row"),
    sqlite_autoincrement=True,
)

# What speaks for or against a lead, beside the search.
evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", String(32), primary_key=True),
    Column("case_id", String(32), ForeignKey("cases.case_id"), nullable=False),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("description", Text, nullable=False),
    Column("reference", String(256)),
    Column("document", String(64)),
    Column("independent", Boolean, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("added_by", String(32), nullable=False),
    Index("evidence_by_candidate", "review", "number"),
)

# What was concluded of a candidate after its review: `status` is what it became. `evidence` is a JSON list.
conclusions = Table(
    "conclusions",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("concluded", BigInteger, nullable=False),
    Column("concluded_by", String(32), nullable=False),
    Index("conclusions_by_candidate", "review", "number"),
    sqlite_autoincrement=True,
)

# The register of leads that were wrong; it holds nothing of the face.
false_matches = Table(
    "false_matches",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("collection", BigInteger),
    Column("collection_id", String(255)),
    Column("model", String(32), nullable=False),
    Column("gallery_size", BigInteger),
    Column("similarity", Float, nullable=False),
    Column("cause", Text, nullable=False),
    Column("consequence", String(16), nullable=False),
    Column("told", Text, nullable=False, server_default="[]"),
    Column("groups", Text, nullable=False, server_default="{}"),
    Column("found", BigInteger, nullable=False),
    Index("false_matches_by_collection", "collection", "row"),
    sqlite_autoincrement=True,
)

# Which false matches of a collection were seen to: those up to the row `after` stop no search any more.
search_resumptions = Table(
    "search_resumptions",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("collection", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("resumed", BigInteger, nullable=False),
    Column("resumed_by", String(32), nullable=False),
    Index("search_resumptions_by_collection", "collection", "row"),
    sqlite_autoincrement=True,
)

# How reviewers did on sheets whose answer is known: pairs that they took for the same person or for another,
# and which of these were wrong. `missed` and `mistaken` count the errors of either kind.
proficiency = Table(
    "proficiency",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("review", ROW, ForeignKey("reviews.row"), primary_key=True, autoincrement=False),
    Column("same", Integer, nullable=False),
    Column("different", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("mistaken", Integer, nullable=False),
    Column("given", BigInteger, nullable=False),
)

# What reviewers are shown of a face that was enrolled under a strict purpose. It goes with the face.
face_crops = Table(
    "face_crops",
    metadata,
    Column("face", ROW, ForeignKey("faces.row", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("picture", LargeBinary, nullable=False),
)

# What a review has come to is to be told to the channel that its case had then: an SNS topic's ARN, or a URL.
review_notices = Table(
    "review_notices",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("key_id", String(128), nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("done", BigInteger),
    Column("failure", Text),
    Index("review_notices_by_time", "done", "next_try"),
    sqlite_autoincrement=True,
)

# Which reviewers are on duty, until when, and where they are called: an SNS topic's ARN, or a URL.
duty = Table(
    "duty",
    metadata,
    Column("person_id", String(32), ForeignKey("people.person_id"), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("key_id", String(128), nullable=False),
)

# That somebody is called to a sheet that waits.
duty_calls = Table(
    "duty_calls",
    metadata,
    Column("row", ROW, primary_key=True, autoincrement=True),
    Column("review", ROW, ForeignKey("reviews.row"), nullable=False),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("key_id", String(128), nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("done", BigInteger),
    Column("failure", Text),
    Index("duty_calls_by_time", "done", "next_try"),
    sqlite_autoincrement=True,
)
