"""The tables of sign-in: how people show who they are to the console, and who is signed in.

Times are milliseconds since the epoch, UTC. What somebody could sign in with is never there itself: of tokens
and codes there is the SHA-256, of passwords the hash that argon2id makes, of passkeys the public part.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from regard.storage.schema.metadata import metadata

# A browser in which somebody is signed in. `digest` is the SHA-256 of the token in its cookie, `means` what
# they showed; `verified` is when they last did, `seen` when the browser last asked, to a minute. `issuer`,
# `subject` and `sid` name the account and the session at an identity provider where they came by it.
browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("means", String(32), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("verified", BigInteger, nullable=False),
    Column("issuer", String(512)),
    Column("subject", String(255)),
    Column("sid", String(255)),
    Index("browser_sessions_by_person", "person_id"),
    Index("browser_sessions_by_account", "issuer", "subject"),
)

# `domain` is the one that the passkey belongs to, NULL for those of before it was noted.
# `credential_id` and `handle` are base64url; a person's passkeys share the handle, which tells nothing of who
# they are. `sign_count` is what the authenticator last counted, 0 for one that counts nothing.
passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", String(1400), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("handle", String(64), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("domain", String(253)),
    Column("name", String(64), nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("used", BigInteger),
    Index("passkeys_by_person", "person_id"),
)

# Accounts at identity providers that people sign in with: issuer and subject name one for ever, `label` is
# what it is called there.
provider_identities = Table(
    "provider_identities",
    metadata,
    Column("issuer", String(512), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id"), nullable=False),
    Column("label", String(128), nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("used", BigInteger),
    Index("provider_identities_by_person", "person_id"),
)

passwords = Table(
    "passwords",
    metadata,
    Column("person_id", String(32), ForeignKey("people.person_id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("chosen", BigInteger, nullable=False),
)

# Codes for who has lost the telephone. A code is good once: `used` is when it was.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("person_id", String(32), ForeignKey("people.person_id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("used", BigInteger),
)

# Links by which somebody is let in who can't sign in yet; `person_id` is None for the first administrator.
invitations = Table(
    "invitations",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.person_id")),
    Column("expires", BigInteger, nullable=False),
    Index("invitations_by_person", "person_id"),
)

# Tries of a quarter of an hour that failed or are under way. `holder` is a keyed digest of whom they were for
# and where they came from; `began` is when the first was.
sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("holder", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("began", BigInteger, nullable=False),
    Index("sign_in_tries_by_beginning", "began"),
)

# Challenges of passkeys that were answered, until they are over: none is answered twice.
answered_challenges = Table(
    "answered_challenges",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires", BigInteger, nullable=False),
)
