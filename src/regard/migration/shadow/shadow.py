"""Some requests are asked at another service too, once they are answered, and the answers are compared."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import structlog

from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.budget import ShadowBudget
from regard.migration.shadow.comparing import compare, disagreement
from regard.migration.shadow.exchange import ShadowAnswer, ShadowService, ShadowUnreachable
from regard.migration.shadow.journal import ComparisonJournal
from regard.migration.shadow.options import ShadowOptions
from regard.migration.shadow.rules import LeavingRules, is_settled

_QUEUE: Final = 1000
_QUEUE_BYTES: Final = 256 * 1024 * 1024  # of pictures that wait
_THREADS: Final = 2
_KEPT_DISAGREEMENT: Final = 0.5
_CLOSING_SECONDS: Final = 5.0


class DeclaredCall(Protocol):
    """What is known of an operation."""

    @property
    def is_repeatable(self) -> bool:
        """Whether asking it again elsewhere changes nothing."""
        ...

    def units(self, request: Mapping[str, Any], /) -> Mapping[str, int]:
        """What a request is counted as once it is answered."""
        ...


FindCall = Callable[[str], DeclaredCall | None]
"""Finds an operation by the API's name of it."""

log: Any = structlog.get_logger(__name__)


class Shadow:
    """Takes answered requests in no time, and asks the other service in threads of its own.

    What finds the queue full is dropped and counted, and so is what may not leave. At the end of the budget
    nothing is asked any more.
    """

    def __init__(
        self,
        service: ShadowService,
        budget: ShadowBudget,
        rules: LeavingRules,
        journal: ComparisonJournal,
        find: FindCall,
        options: ShadowOptions,
    ) -> None:
        self._service = service
        self._budget = budget
        self._rules = rules
        self._journal = journal
        self._find = find
        self._options = options
        self._waiting: queue.Queue[AnsweredRequest | None] = queue.Queue(_QUEUE)
        self._bytes = 0
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._random = random.Random()  # noqa: S311 - which requests are compared is no secret
        self._threads = [
            threading.Thread(target=self._work, name=f"shadow-{number}", daemon=True)
            for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def counts(self) -> Mapping[str, int]:
        """What was dropped and refused since the last line of the journal, by why."""
        with self._lock:
            return dict(self._counts)

    def answered(self, request: AnsweredRequest) -> ShadowAnswer | None:
        """Takes a request that Regard has answered; whatever comes, this raises nothing.

        The answer to give in place of Regard's own, or None for that.
        """
        called = self._find(request.operation)
        if called is None or not called.is_repeatable or not is_settled(request.status, request.error):
            return None
        if self._random.random() >= self._options.share:
            return None
        if self._options.answers:
            return self._compare_safely(request)
        with self._lock:
            fits = self._bytes + len(request.body) <= _QUEUE_BYTES
            if fits:
                self._bytes += len(request.body)
        if not fits:
            self._count("dropped")
            return None
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            self._count("dropped")
            with self._lock:
                self._bytes -= len(request.body)
        return None

    def close(self) -> None:
        """Lets what is being asked end, drops what waits, and writes down what was counted."""
        while True:
            try:
                if self._waiting.get_nowait() is not None:
                    self._count("dropped")
            except queue.Empty:
                break
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(_CLOSING_SECONDS)
        counts = self._taken_counts()
        if counts:
            self._journal.write({"counts": counts})

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            with self._lock:
                self._bytes -= len(request.body)
            self._compare_safely(request)

    def _compare_safely(self, request: AnsweredRequest) -> ShadowAnswer | None:
        try:
            return self._compare(request)
        except Exception:  # a comparison may not keep anybody from their answer
            log.exception("a comparison failed", request_id=request.request_id, operation=request.operation)
            self._count("failed")
            return None

    def _compare(self, request: AnsweredRequest) -> ShadowAnswer | None:
        params = json.loads(request.body)
        refusal = self._rules.refusal(params, request.caller)
        if refusal is not None:
            self._count(refusal)
            return None
        called = self._find(request.operation)
        cost = None if called is None else self._budget.take(called.units(params))
        if cost is None:
            self._count("budget spent")
            return None
        entry: dict[str, Any] = {
            "time": time.time(),
            "request": request.request_id,
            "operation": request.operation,
            "cost": str(cost),
            "here": {"status": request.status, "error": request.error, "seconds": request.seconds},
        }
        try:
            answer = self._service.ask(request.operation, request.body)
        except ShadowUnreachable as error:
            log.warning("the shadow is not reached", error=str(error))
            self._journal.write({**entry, "there": {"status": 0}, "counts": self._taken_counts()})
            return None
        own, theirs = json.loads(request.answer), _document(answer.body)
        compared = compare(params, own, theirs) if request.status == answer.status == 200 else {}
        differs = disagreement(compared, same_status=request.status == answer.status)
        if self._options.keep_disagreements and differs > _KEPT_DISAGREEMENT:
            entry["pictures"] = list(_digests(params))
        there = {"status": answer.status, "error": error_of(answer), "seconds": answer.seconds}
        self._journal.write(
            {
                **entry,
                "there": there,
                "compared": compared,
                "differs": differs,
                "counts": self._taken_counts(),
            }
        )
        # What fails for a moment there is answered from here.
        return None if is_transient(answer) else answer

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _taken_counts(self) -> dict[str, int]:
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
        return counts


_THEIR_OWN: Final = frozenset(
    (
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "UnrecognizedClientException",
    )
)
"""Errors that are between Regard and the other service, and no client's."""


def _digests(request: Mapping[str, Any]) -> Iterator[str]:
    """SHA-256 of the pictures that a request brought along."""
    for member in ("Image", "SourceImage", "TargetImage"):
        content = (request.get(member) or {}).get("Bytes")
        if content is not None:
            yield hashlib.sha256(base64.b64decode(content)).hexdigest()


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def error_of(answer: ShadowAnswer) -> str | None:
    """The code of the error that a service answered; None where it answered none."""
    if answer.status == 200:
        return None
    return str(_document(answer.body).get("__type", "")).rpartition("#")[2].split(":")[0] or None


def is_transient(answer: ShadowAnswer) -> bool:
    """Whether an answer says nothing of the request, which may be asked again another time."""
    return answer.status >= 500 or error_of(answer) in _THEIR_OWN
