"""Sign-in to the console: sessions of browsers, passkeys, passwords, recovery codes, invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def _person(*, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    person = sa.ForeignKey("people.person_id")
    return sa.Column("person_id", sa.String(32), person, nullable=nullable, primary_key=primary_key)


def upgrade() -> None:
    op.add_column("people", sa.Column("language", sa.String(8)))
    op.create_table(
        "browser_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        _person(),
        sa.Column("means", sa.String(16), nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("verified", sa.BigInteger, nullable=False),
    )
    op.create_index("browser_sessions_by_person", "browser_sessions", ["person_id"])
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.String(1400), primary_key=True),
        _person(),
        sa.Column("handle", sa.String(64), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
    )
    op.create_index("passkeys_by_person", "passkeys", ["person_id"])
    op.create_table(
        "passwords",
        _person(primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("chosen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        _person(primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("used", sa.BigInteger),
    )
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(64), primary_key=True),
        _person(nullable=True),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("invitations_by_person", "invitations", ["person_id"])
    op.create_table(
        "sign_in_tries",
        sa.Column("holder", sa.String(64), primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False),
    )
    op.create_index("sign_in_tries_by_beginning", "sign_in_tries", ["began"])
    op.create_table(
        "answered_challenges",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
