"""Which rules held when: the log says it whenever they change, and when a server starts that has its own."""

from __future__ import annotations

import json

from sqlalchemy import insert, select, update

from regard.governance.audit import AuditLog
from regard.governance.profiles import Profiles, load_profiles
from regard.governance.purpose import GENERAL
from regard.storage.database import Database
from regard.storage.schema import facts

_FACT = "rules"


def note_rules(
    database: Database, audit: AuditLog, profiles: Profiles, site_purpose: str, *, starts: bool = False
) -> None:
    """Records the rules in force, where they are others than those that were recorded last.

    An installation that never chose any has those of `base`, which its version says; nothing is recorded of
    them. `starts` records those that were chosen again, since a server begins to serve by them.
    """
    now = json.dumps({"digest": profiles.digest, "site_purpose": site_purpose}, sort_keys=True)
    plain = json.dumps({"digest": load_profiles("").digest, "site_purpose": GENERAL}, sort_keys=True)
    with database.read() as connection:
        before = connection.execute(select(facts.c.value).where(facts.c.name == _FACT)).scalar()
    if now == (before or plain) and not (starts and now != plain):
        return
    audit.append_command(
        "choose rules", ",".join(profiles.names), digest=profiles.digest, site_purpose=site_purpose
    )
    with database.write() as connection:
        if not connection.execute(update(facts).where(facts.c.name == _FACT).values(value=now)).rowcount:
            connection.execute(insert(facts).values(name=_FACT, value=now))
