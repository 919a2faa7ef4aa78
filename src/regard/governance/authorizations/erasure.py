"""What a refused or lapsed authorization produced is erased: it should never have been found."""

from __future__ import annotations

from sqlalchemy import update

from regard.governance.audit import AuditLog
from regard.governance.authorizations.records import VOID, Authorization, Ground, Standing
from regard.governance.authorizations.store import Authorizations
from regard.governance.examination.found import FoundReviews
from regard.jobs.store import JobStore
from regard.storage.schema import authorizations as table
from regard.streams.events import StreamEvents


class AuthorizationErasure:
    """Erases what was found under authorizations that are void: by jobs, by streams, and in reviews.

    The footage is not Regard's to erase.
    """

    def __init__(
        self,
        authorizations: Authorizations,
        jobs: JobStore,
        streams: StreamEvents,
        found: FoundReviews,
        audit: AuditLog,
    ) -> None:
        self._authorizations = authorizations
        self._jobs = jobs
        self._streams = streams
        self._found = found
        self._audit = audit

    def run_due(self, now: int) -> int:
        """Erases what is due at a moment, in milliseconds since the epoch; answers for how many."""
        due = [one for one in self._authorizations.all() if is_due(one, now)]
        for one in due:
            self.erase(one, now)
        return len(due)

    def erase(self, void: Authorization, now: int) -> Authorization:
        """Erases what one produced, and leaves the record that a receipt is made of.

        That it has lapsed is written first: it stays so though a clock be set back. It may be done again
        after it was broken off.
        """
        state = void.state(now)
        if state is Standing.LAPSED:
            self._write(void, lapsed=void.lapsed or now)
        told = f"The authorization {void.authorization_id} is {state}: what was found under it is erased."
        jobs, items = self._jobs.erase_authorized(void.authorization_id, told)
        events = self._streams.erase_authorized(void.authorization_id)
        reviews = self._found.erase(void.authorization_id)
        head = self._audit.append_command(
            "erase authorization",
            void.authorization_id,
            authorization=void.authorization_id,
            case=void.case_id,
            state=str(state),
            jobs=jobs,
            items=items,
            events=events,
            reviews=reviews,
        )
        self._write(void, erased=now, erasure_record=head.sequence)
        return self._authorizations.get(void.authorization_id)

    def _write(self, void: Authorization, **values: int) -> None:
        with self._authorizations.database.write() as connection:
            connection.execute(
                update(table)
                .where(table.c.authorization_id == void.authorization_id, table.c.erased.is_(None))
                .values(values)
            )


def is_due(one: Authorization, now: int) -> bool:
    """Whether an authorization is void and may have produced what is not erased yet.

    Only an exigency is searched under before an authority has decided.
    """
    return one.basis is Ground.EXIGENCY and one.erased is None and one.state(now) in VOID
