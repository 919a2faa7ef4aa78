"""Faces and users that change here change at the other service too, one change after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from regard.migration.mirror.spool import MirroredChange, MirrorJournal, MirrorSpool
from regard.migration.overlap import same_boxes
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.comparing.faces import box_of
from regard.migration.shadow.exchange import ShadowService, ShadowUnreachable
from regard.migration.shadow.rules import LeavingRules
from regard.migration.shadow.shadow import error_of, is_transient

FOLDER: Final = Path("migrations") / "mirror"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0  # seconds before a change is tried again
_NAMED: Final = ("Image", "FaceIds", "UserId")  # what a change of faces or users names one of
DELIVERED, UNDELIVERABLE = "delivered", "spool full"

log: Any = structlog.get_logger(__name__)


def open_journal(data: Path) -> MirrorJournal:
    """The journal of the mirror of a data folder."""
    return MirrorJournal(data / FOLDER / "journal.jsonl")


class Mirror:
    """Takes answered changes, and makes them elsewhere in a thread of its own, in their order.

    What fails for a moment there, or isn't reached, is tried again, ever later, and what comes after it
    waits. What is refused there is written down and passed over. Changes outlive a restart.
    """

    def __init__(
        self,
        service: ShadowService,
        rules: LeavingRules,
        spool: MirrorSpool,
        journal: MirrorJournal,
        changes: Callable[[str], bool],
        *,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        """`changes` says of the API's name of an operation whether it changes what is in a collection."""
        self._service = service
        self._rules = rules
        self._spool = spool
        self._journal = journal
        self._changes = changes
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
        refusal = self._rules.refusal(asked, request.caller)
        if refusal is not None:
            self._journal.write(request.operation, request.request_id, refusal, _unpaired(request.answer))
            return
        change = MirroredChange(
            request.operation, request.request_id, request.body.decode(), request.answer.decode()
        )
        if not self._spool.put(change):
            self._journal.write(
                request.operation, request.request_id, UNDELIVERABLE, _unpaired(request.answer)
            )
        self._wake.set()

    def _work(self) -> None:
        pause = self._first_pause
        while not self._closed.is_set():
            waiting = self._spool.oldest()
            if waiting is None:
                self._wake.wait()
                self._wake.clear()
            elif self._make(*waiting):
                pause = self._first_pause
            else:
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _make(self, name: str, change: MirroredChange) -> bool:
        """Whether a change is done with; else it is to be tried again."""
        asked = self._translated(json.loads(change.body))
        outcome, faces = "nothing to change there", dict[str, str | None]()
        if asked is not None:
            try:
                answer = self._service.ask(change.operation, json.dumps(asked).encode())
            except ShadowUnreachable as error:
                log.warning("the mirror is not reached", error=str(error))
                return False
            if is_transient(answer):
                return False
            outcome = DELIVERED if answer.status == 200 else error_of(answer) or str(answer.status)
            theirs = json.loads(answer.body) if answer.status == 200 else {}
            faces = _paired(json.loads(change.answer), theirs)
        self._journal.write(change.operation, change.request_id, outcome, faces)
        self._spool.remove(name)
        return True

    def _translated(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The request with the FaceIds there; None where none of its faces is there."""
        if "FaceIds" not in asked:
            return asked
        there = [face for own in asked["FaceIds"] if (face := self._journal.face_there(own)) is not None]
        return {**asked, "FaceIds": there} if there else None


def _paired(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, str | None]:
    """FaceIds there by those here, of faces that were enrolled on both sides, by their boxes."""
    own = [record["Face"] for record in here.get("FaceRecords", ())]
    theirs = [record["Face"] for record in there.get("FaceRecords", ())]
    found: dict[str, str | None] = dict.fromkeys((face["FaceId"] for face in own), None)
    for row, column, _ in same_boxes([box_of(face) for face in own], [box_of(face) for face in theirs]):
        found[own[row]["FaceId"]] = theirs[column]["FaceId"]
    return found


def _unpaired(answer: bytes) -> dict[str, str | None]:
    return _paired(json.loads(answer), {})
