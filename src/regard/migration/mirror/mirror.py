"""Faces and users that change here change at the other service too, one change after the other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from regard.migration.mirror.delivery import DELIVERED, MirrorDelivery, held_by_users, paired
from regard.migration.mirror.here import FacesHere
from regard.migration.mirror.spool import MirroredChange, MirrorJournal, MirrorSpool, UnreadableChange
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.exchange import ShadowAnswer, ShadowService, ShadowUnreachable
from regard.migration.shadow.rules import LeavingRules
from regard.migration.shadow.shadow import error_of, is_transient

FOLDER: Final = Path("migrations") / "mirror"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0  # seconds before a change is tried again
_NAMED: Final = ("Image", "FaceIds", "UserId")  # what a change of faces or users names one of
_ERASURES_EVERY: Final = 60.0  # seconds
_ERASING: Final = ("Delete", "Disassociate")  # begin the names of operations that take away
_FACES_A_REQUEST: Final = 1000
_UNDELIVERABLE, _ERASED, _UNREADABLE = "spool full", "erased here meanwhile", "unreadable"

log: Any = structlog.get_logger(__name__)


def open_journal(data: Path) -> MirrorJournal:
    """The journal of the mirror of a data folder."""
    return MirrorJournal(data / FOLDER / "journal.jsonl")


class Mirror:
    """Takes answered changes, and makes them elsewhere in a thread of its own, in their order.

    What fails for a moment there, or isn't reached, is tried again, ever later, and what comes after it
    waits. What is refused there is written down and passed over. Changes outlive a restart. Whatever else
    fails, such as a full disk, is logged and tried again.
    """

    def __init__(
        self,
        service: ShadowService,
        rules: LeavingRules,
        spool: MirrorSpool,
        journal: MirrorJournal,
        changes: Callable[[str], bool],
        faces_here: FacesHere,
        *,
        first_pause: float = _FIRST_PAUSE,
        erasures_every: float = _ERASURES_EVERY,
    ) -> None:
        """`changes` says of the API's name of an operation whether it changes what is in a collection.

        After each `erasures_every` seconds faces that are gone here, however that came, are erased there.
        """
        self._service = service
        self._rules = rules
        self._spool = spool
        self._journal = journal
        self._changes = changes
        self._faces_here = faces_here
        self._erasures_every = erasures_every
        self._next_erasures = 0.0
        self._first_pause = first_pause
        self._wake, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="mirror", daemon=True)
        self._thread.start()

    def answered(self, request: AnsweredRequest) -> None:
        """Takes a request that Regard has answered, where it is a change; this raises nothing."""
        if request.status != 200 or not self._changes(request.operation):
            return
        try:
            self._take(request)
        except Exception:  # the change is made here, and whoever asked for it is to be told so
            log.exception("a change is not mirrored", request_id=request.request_id)

    def close(self) -> None:
        """Lets what is being made end; what waits is made after the next start."""
        self._closed.set()
        self._wake.set()
        self._thread.join(5.0)

    def _take(self, request: AnsweredRequest) -> None:
        asked = json.loads(request.body)
        if not any(name in asked for name in _NAMED):
            return
        purpose = request.caller.purpose
        refusal = self._rules.refusal(asked, purpose)
        change = MirroredChange(
            request.operation, request.request_id, request.body.decode(), request.answer.decode(), purpose
        )
        if refusal is None and not self._spool.put(change):
            refusal = _UNDELIVERABLE
        if refusal is not None:
            self._write(change, MirrorDelivery(refusal, paired(json.loads(change.answer), {})))
        self._wake.set()

    def _write(self, change: MirroredChange, delivery: MirrorDelivery) -> None:
        collection = json.loads(change.body).get("CollectionId")
        self._journal.write(change.operation, change.request_id, delivery.outcome, delivery.faces, collection)

    def _work(self) -> None:
        pause = self._first_pause
        while not self._closed.is_set():
            try:
                done = self._step()
            except Exception:  # the thread goes on: what waits is made once the cause is gone
                log.exception("the mirror failed, and tries again", seconds=pause)
                done = False
            if done:
                pause = self._first_pause
            elif done is None:
                self._wake.wait(max(self._next_erasures - time.monotonic(), 0.0))
                self._wake.clear()
            else:
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _step(self) -> bool | None:
        """Whether the next change was made, or is to be tried again; None where none waits."""
        if time.monotonic() >= self._next_erasures:
            self._next_erasures = time.monotonic() + self._erasures_every
            self._erase_what_is_gone()
        try:
            waiting = self._spool.oldest()
        except UnreadableChange as error:
            log.exception("a change is not mirrored", error=str(error))
            self._journal.write("", "", _UNREADABLE, {})
            return True
        return None if waiting is None else self._make(*waiting)

    def _make(self, name: str, change: MirroredChange) -> bool:
        """Whether a change is done with; else it is to be tried again."""
        delivery = self._delivered(change, json.loads(change.body), json.loads(change.answer))
        if delivery is None:
            return False
        self._write(change, delivery)
        self._spool.remove(name)
        return True

    def _delivered(
        self, change: MirroredChange, body: dict[str, Any], own: dict[str, Any]
    ) -> MirrorDelivery | None:
        # What was allowed when it was taken may not be now; an erasure brings nobody's picture anywhere.
        refusal = self._rules.refusal(body, change.key_purpose)
        if refusal is not None and not change.operation.startswith(_ERASING):
            return MirrorDelivery(refusal, paired(own, {}))
        enrolled = list(paired(own, {}))
        if enrolled and not self._faces_here(str(body.get("CollectionId")), enrolled):
            return MirrorDelivery(_ERASED, paired(own, {}))
        named = self._named(body)
        if "FaceIds" in body and not named:
            return MirrorDelivery("nothing to change there")
        asked = {**body, "FaceIds": list(named)} if named else body
        answer = self._ask(change.operation, asked)
        if answer is None:
            return None
        if answer.status != 200:
            return MirrorDelivery(error_of(answer) or str(answer.status), paired(own, {}))
        delivery = MirrorDelivery.of(own, json.loads(answer.body), named)
        is_whole = len(named) == len(body.get("FaceIds", ())) or change.operation.startswith(_ERASING)
        return delivery if is_whole else delivery.lacking_faces()

    def _ask(self, operation: str, request: Mapping[str, Any]) -> ShadowAnswer | None:
        """The answer there; None where it says nothing of the request."""
        try:
            answer = self._service.ask(operation, json.dumps(request).encode())
        except ShadowUnreachable as error:
            log.warning("the mirror is not reached", error=str(error))
            return None
        if is_transient(answer):
            log.warning("the mirror fails", status=answer.status, error=error_of(answer))
            return None
        return answer

    def _named(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """The faces of a request that are there: FaceIds here by those there."""
        own = asked.get("FaceIds", ())
        return {there: face for face in own if (there := self._journal.face_there(face)) is not None}

    def _erase_what_is_gone(self) -> None:
        """Erases there what changes had made there and is here no more: consents are withdrawn, retention
        ends, people are erased from the console, and of all that no request tells.
        """
        for collection, pairs in self._journal.pairs().items():
            ids = list(pairs)
            for start in range(0, len(ids), _FACES_A_REQUEST):
                some = ids[start : start + _FACES_A_REQUEST]
                here = frozenset(self._faces_here(collection, some))
                gone = {pairs[face]: face for face in some if face not in here}
                if gone and not self._erase(collection, gone):
                    return

    def _erase(self, collection: str, gone: Mapping[str, str]) -> bool:
        """Whether the other service has answered. `gone` are FaceIds here by those there."""
        request = {"CollectionId": collection, "FaceIds": list(gone)}
        answer = self._ask("DeleteFaces", request)
        if answer is not None and answer.status == 200:
            held = held_by_users(json.loads(answer.body))
            for user, faces in held.items():
                self._ask("DisassociateFaces", {**request, "UserId": user, "FaceIds": faces})
            if held:
                self._settle(collection, gone, answer)
                left = [face for faces in held.values() for face in faces]
                gone = {face: gone[face] for face in left if face in gone}
                answer = self._ask("DeleteFaces", {**request, "FaceIds": left})
        if answer is None:
            return False
        self._settle(collection, gone, answer)
        return True

    def _settle(self, collection: str, gone: Mapping[str, str], answer: ShadowAnswer) -> None:
        if answer.status == 200:
            delivery = MirrorDelivery.of({}, json.loads(answer.body), gone)
        elif error_of(answer) == "ResourceNotFoundException":
            delivery = MirrorDelivery(DELIVERED, dict.fromkeys(gone.values(), None))
        else:
            delivery = MirrorDelivery(error_of(answer) or str(answer.status))
        if delivery.faces:
            self._journal.write("DeleteFaces", "", delivery.outcome, delivery.faces, collection)
        else:  # asked again later, and not a line for each time
            log.warning("faces that are gone here are not erased there", why=delivery.outcome)
