"""Other services that are told of what Regard has answered."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from regard.migration.mirror.mirror import Mirror
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.exchange import ShadowAnswer
from regard.migration.shadow.shadow import Shadow


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One that answers are compared with, one in which changes are made too, or both."""

    shadow: Shadow | None = None
    mirror: Mirror | None = None

    def answered(self, request: AnsweredRequest) -> ShadowAnswer | None:
        """Tells them of a request. The answer to give in place of Regard's own, or None for that."""
        if self.mirror is not None:
            self.mirror.answered(request)
        return None if self.shadow is None else self.shadow.answered(request)

    def close(self) -> None:
        """Ends both, though one of them can't write what it has left."""
        with ExitStack() as closing:
            for one in (self.mirror, self.shadow):
                if one is not None:
                    closing.callback(one.close)
