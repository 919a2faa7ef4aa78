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

from regard.governance.purpose import Threshold, floor_of
from regard.migration.shadow.answered import AnsweredRequest
from regard.migration.shadow.breaker import ShadowBreaker
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

    @property
    def matches(self) -> Threshold | None:
        """The threshold of an operation that compares faces."""
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
        self._breaker = ShadowBreaker()
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
        if self._options.answers and not self._keeps_answer(request):
            return self._compare_safely(request, is_waited_for=True)
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

    def _keeps_answer(self, request: AnsweredRequest) -> bool:
        try:
            return self._rules.keeps_answer(json.loads(request.body), request.caller.purpose)
        except Exception:  # Regard's answer is the one that its rules have passed
            log.exception("the purpose of a request is not known", request_id=request.request_id)
            return True

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            with self._lock:
                self._bytes -= len(request.body)
            self._compare_safely(request)

    def _compared(
        self, request: AnsweredRequest, asked: dict[str, Any], own: dict[str, Any], theirs: dict[str, Any]
    ) -> dict[str, Any]:
        """The differences; none where they can't be told: what it has cost is written down all the same."""
        try:
            return compare(asked, own, theirs)
        except Exception:
            log.exception("answers can't be compared", request_id=request.request_id)
            self._count("failed")
            return {}

    @staticmethod
    def _applied(called: DeclaredCall, params: dict[str, Any], purpose: str) -> dict[str, Any]:
        """A request with the threshold that Regard applied."""
        rule = called.matches
        if rule is None or rule.parameter is None:
            return params
        return {**params, rule.parameter: rule.applied(params.get(rule.parameter), purpose, raised=True)}

    def _compare_safely(
        self, request: AnsweredRequest, *, is_waited_for: bool = False
    ) -> ShadowAnswer | None:
        try:
            return self._compare(request, is_waited_for=is_waited_for)
        except Exception:  # a comparison may not keep anybody from their answer
            log.exception("a comparison failed", request_id=request.request_id, operation=request.operation)
            self._count("failed")
            return None

    def _compare(self, request: AnsweredRequest, *, is_waited_for: bool) -> ShadowAnswer | None:
        params = json.loads(request.body)
        refusal = self._rules.refusal(params, request.caller.purpose)
        if refusal is not None:
            self._count(refusal)
            return None
        if not self._breaker.allows():
            self._count("not asked after failures in a row")
            return None
        purpose = self._rules.purpose(params, request.caller.purpose)
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
            self._breaker.note(failed=True)
            log.warning("the shadow is not reached", error=str(error))
            self._journal.write({**entry, "there": {"status": 0}, "counts": self._taken_counts()})
            return None
        own, theirs = json.loads(request.answer), _document(answer.body)
        asked = params if called is None else self._applied(called, params, purpose)
        both = request.status == answer.status == 200 and not is_transient(answer)
        compared = self._compared(request, asked, own, theirs) if both else {}
        differs = disagreement(compared, same_status=request.status == answer.status)
        if self._options.keep_disagreements and differs > _KEPT_DISAGREEMENT:
            entry["pictures"] = list(_digests(params))
        self._breaker.note(failed=is_transient(answer))
        # What fails for a moment there, or is answered here alone, is answered from here.
        is_refused = request.status == 200 != answer.status
        is_given = not is_transient(answer) and not is_refused and floor_of(purpose) is None
        there = {"status": answer.status, "error": error_of(answer), "seconds": answer.seconds}
        self._journal.write(
            {
                **entry,
                "there": there,
                "compared": compared,
                "differs": differs,
                "answered_from": "there" if is_given and is_waited_for else "here",
                "counts": self._taken_counts(),
            }
        )
        return answer if is_given else None

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

_BETWEEN: Final = frozenset((401, 403, 407, 408, 429))  # statuses of the same


def _digests(request: Mapping[str, Any]) -> Iterator[str]:
    """SHA-256 of the pictures that a request brought along."""
    for member in ("Image", "SourceImage", "TargetImage"):
        content = (request.get(member) or {}).get("Bytes")
        if content is not None:
            yield hashlib.sha256(base64.b64decode(content)).hexdigest()


def _document(body: bytes) -> dict[str, Any]:
    return json.loads(body) if _is_document(body) else {}


def _is_document(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def error_of(answer: ShadowAnswer) -> str | None:
    """The code of the error that a service answered; None where it answered none."""
    if answer.status == 200:
        return None
    return str(_document(answer.body).get("__type", "")).rpartition("#")[2].split(":")[0] or None


def is_transient(answer: ShadowAnswer) -> bool:
    """Whether an answer says nothing of the request, which may be asked again another time.

    What is neither a document nor an error with a code comes from something between: a proxy, a portal.
    """
    if answer.status == 200:
        return not _is_document(answer.body)
    error = error_of(answer)
    return answer.status >= 500 or answer.status in _BETWEEN or error is None or error in _THEIR_OWN
