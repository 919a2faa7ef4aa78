"""Reviews of whom searches in moving pictures found: by which authorization, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("reviews", sa.Column("due", sa.BigInteger))
    op.add_column("reviews", sa.Column("authorization_id", sa.String(32)))
    op.create_index("reviews_by_authorization", "reviews", ["authorization_id"])
