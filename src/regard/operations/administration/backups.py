"""BackUp: everything in the database, in one file.

Restoring is no operation: it replaces the database that a gate would need, while nothing runs on it.
"""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.operation import Area, Operation
from regard.storage.backup import back_up as write_backup


def back_up(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Writes everything in the database to one file, also while a server is serving.

    `File` is its path, `Replace` whether one that is there is replaced. Answers its `Contents`
    (`storage.backup.Contents`). Raises RegardError.
    """
    file = request["File"]
    made = write_backup(ctx.stores.database, file, replace=request["Replace"], progress=ctx.report)
    counted = {name: made.rows[name] for name in ("collections", "faces", "users", "keys")}
    return {"Contents": made, "Name": file.name, "Rows": counted, "Bytes": made.size}


OPERATIONS = (
    Operation(
        name="BackUp",
        run=back_up,
        area=Area.ADMINISTRATION,
        permission=Permission.BACK_UP,
        notes=("Name", "Rows", "Bytes"),
        is_own=True,
        is_local=True,
    ),
)
