"""CheckAuditRules: the log replayed, and the tables held to it."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.operation import Area, Operation


def check_audit_rules(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Replays the audit log, checks every rule as an invariant, and holds the tables to what the log says.

    `Operations` is what this version declares of each (`rules.rule.DeclaredOperation`), `Known` a hash that
    the log must hold, or None. Answers the `Violations` (`rules.rule.Violation`), what is `Unexplained` in
    sentences, how many `Records` there are, and the `Replay` (`rules.replay.Replay`).
    """
    # No server runs this, and none is to wait for these when it starts.
    from regard.governance.rules.replay import Replay
    from regard.governance.rules.sources import records_within
    from regard.governance.rules.tables import unexplained

    replay = Replay(request["Operations"], known=request["Known"])
    with ctx.stores.database.read() as connection:
        for record in records_within(connection):
            replay.take(record)
        odd = list(unexplained(connection, replay.state))
    return {"Violations": replay.end(), "Unexplained": odd, "Replay": replay, "Records": replay.state.count}


OPERATIONS = (
    Operation(
        name="CheckAuditRules",
        run=check_audit_rules,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("Records",),
        is_own=True,
        is_local=True,
    ),
)
