"""One processor that this worker runs: its steps are kept under its lease, sent and shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from regard import tracing
from regard.errors import RegardError, ServiceError, ThrottlingException
from regard.jobs.leases import LeaseLost
from regard.measurements import Measurements
from regard.streams.events import StreamEvents
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import StreamStatus
from regard.streams.running import LiveViews, Output, Running, SourceStanding, StreamGate
from regard.streams.steps import Raised, StreamStep
from regard.streams.wording import FAULT, standing_message

_SHOWN = 5.0  # seconds between two notes of how it stands and where it is
_RETRY = 1.0  # seconds before what something else kept from running is tried again
_WAITING = 100  # alerts that wait for the database
_WINDOW = 10.0  # seconds over which the rate is measured

log: Any = structlog.get_logger(__name__)


class Ended(Exception):
    """The processor is not run here any more: it has ended, or is another worker's."""


class HeldStream:
    """A processor under a lease. Not for several threads at a time, but for `ask_to_end`.

    `wake` has notices delivered at once.
    """

    def __init__(
        self,
        lease: StreamLease,
        leases: StreamLeases,
        events: StreamEvents,
        gate: Callable[[], StreamGate],
        output: Output | None,
        views: LiveViews,
        wake: Callable[[], None],
        measurements: Measurements,
    ) -> None:
        self.lease = lease
        self._leases = leases
        self._events = events
        self._gate = gate
        self._output = output
        self._views = views
        self._wake = wake
        self._measured = measurements
        self._running: Running | None = None
        self._retry_at = 0.0
        self._pending: deque[Raised] = deque(maxlen=_WAITING)
        self._moments: deque[float] = deque()
        self._shown_at = 0.0
        self._shown: tuple[str, str] | None = None
        self._authorized_until = lease.processor.authorized_until
        self._ending: tuple[StreamStatus, str | None] | None = None

    @property
    def name(self) -> str:
        return self.lease.processor.name

    @property
    def rate(self) -> float | None:
        """Samples a second that were analysed lately; None while nobody knows."""
        now = time.monotonic()
        while self._moments and now - self._moments[0] > _WINDOW:
            self._moments.popleft()
        if len(self._moments) < 2:
            return None
        return (len(self._moments) - 1) / max(self._moments[-1] - self._moments[0], 1e-3)

    def ask_to_end(self, status: StreamStatus, message: str | None) -> None:
        """Has it end at its next turn."""
        self._ending = status, message

    def take(self, sample: Any, standing: SourceStanding, checkpoint: Mapping[str, Any]) -> bool:
        """A sample; whether the next is wanted soon. `checkpoint` is the source's. Raises Ended."""
        stream = self.lease.processor
        told = {"regard.session": stream.session or "", "regard.request_id": stream.request_id or ""}
        with tracing.linked_span("sample", None, **told):
            return self._take(sample, standing, checkpoint)

    def _take(self, sample: Any, standing: SourceStanding, checkpoint: Mapping[str, Any]) -> bool:
        step = self._step(lambda running: running.take(sample))
        if step is None:
            return False
        self._measured.samples.add(self.lease.processor.kind.value, "yes" if step.has_examined else "no")
        self._moments.append(time.monotonic())
        self._views.show(self.lease.processor, sample, step)
        self._keep(step, standing, checkpoint)
        return step.is_urgent

    def wait(self, standing: SourceStanding, checkpoint: Mapping[str, Any]) -> None:
        """No sample came. `checkpoint` is the source's. Raises Ended."""
        step = self._step(lambda running: running.wait(standing))
        if step is not None:
            self._keep(step, standing, checkpoint)

    def give_back(self, message: str | None = None) -> None:
        """Leaves it to the next worker."""
        self._close(GeneratorExit())
        with suppress(LeaseLost, ServiceError):
            if message is not None:
                self._leases.show(self.lease, StreamStatus.STARTING, message)
            self._leases.give_back(self.lease)

    def fail(self) -> None:
        """Its source has failed in a way that is Regard's fault."""
        with suppress(Ended):
            self._end(StreamStatus.FAILED, FAULT)

    def drop(self) -> None:
        """It is another worker's, or nobody's: nothing may be written any more."""
        self._measured.leases_lost.add("stream")
        self._close(GeneratorExit())

    def _step(self, act: Callable[[Running], StreamStep]) -> StreamStep | None:
        """What a turn gives; None where there is nothing to run yet. Raises Ended."""
        if self._ending is not None:
            self._end(*self._ending)
        if self._output is not None and self._output.is_gone:
            self._end(StreamStatus.FAILED, self._output.failure)
        if time.monotonic() < self._retry_at:
            return None
        try:
            if self._running is None:
                self._running = self._gate().begin(self.lease.processor)
            return act(self._running)
        except LeaseLost:
            self.drop()
            raise Ended from None
        except ServiceError as error:
            if error.status < 500 and not isinstance(error, ThrottlingException):
                self._end(StreamStatus.FAILED, error.message, error)
            log.warning("a stream waits", stream=self.name, reason=error.message)
            self._leave(error)
        except RegardError as error:
            self._end(StreamStatus.FAILED, str(error), error)
        except Exception as error:
            log.exception("a stream failed", stream=self.name)
            self._end(StreamStatus.FAILED, FAULT, error)
        return None

    def _keep(self, step: StreamStep, standing: SourceStanding, checkpoint: Mapping[str, Any]) -> None:
        if self._output is not None:
            for record in step.records:
                self._output.put(record)
        self._pending.extend(step.raised)
        try:
            while self._pending:
                self._commit(self._pending[0])
                self._pending.popleft()
            if step.seen:
                self._events.seen(self._leases, self.lease, step.seen)
            if not step.is_over:
                self._show(standing, checkpoint)
        except LeaseLost:
            self.drop()
            raise Ended from None
        except ServiceError as error:
            if error.status < 500 and not isinstance(error, ThrottlingException):
                self._end(StreamStatus.FAILED, error.message, error)
            log.warning("what a stream saw waits", stream=self.name, reason=error.message)
            if step.is_over:  # whoever takes it then comes to the end once more, and tells of it
                self.drop()
                raise Ended from None
        if step.is_over:
            self._end(StreamStatus.STOPPED, step.message)
        if standing.word == "ENDED":
            self._end(StreamStatus.STOPPED, "The source has ended.")
        if standing.is_final:
            self._end(StreamStatus.FAILED, standing.why)

    def _commit(self, raised: Raised) -> None:
        made = self._events.commit(
            self._leases,
            self.lease,
            raised.event,
            raised.notices,
            within=raised.within,
            kept=raised.kept,
            settle=raised.settle,
        )
        if made is not None and raised.notices:
            self._wake()

    def _show(self, standing: SourceStanding, checkpoint: Mapping[str, Any]) -> None:
        """Notes how it stands, seldom, and at once where it stands otherwise."""
        now = time.monotonic()
        stands = (standing.word, standing.why or "")
        if now - self._shown_at < _SHOWN and (stands == self._shown or now - self._shown_at < 1):
            return
        self._shown_at, self._shown = now, stands
        said = standing_message(standing, self.rate, self._output, time.time())
        is_labels = self.lease.processor.stop_seconds is not None
        status = StreamStatus.STARTING if is_labels else StreamStatus.RUNNING
        self._leases.show(self.lease, status, said, state=_state(standing, self.rate))
        if self._running is not None:
            self._extend(self._running.authorized_until)
            self._leases.commit_checkpoint(self.lease, {**self._running.checkpoint, **checkpoint})

    def _extend(self, until: int | None) -> None:
        """The lease is renewed until the authorization ends, which may have been extended."""
        if until is not None and until != self._authorized_until:
            self._leases.authorize(self.lease, until)
            self._authorized_until = until

    def _end(self, status: StreamStatus, message: str | None, error: BaseException | None = None) -> None:
        """Ends the session. Raises Ended, always.

        Where the database can't be told, the lease lapses, and whoever takes it then ends the session.
        """
        self._close(error)
        try:
            self._leases.end(self.lease, status, message)
            log.info("a stream ended", stream=self.name, status=status.value, reason=message)
        except LeaseLost:
            pass  # somebody else has it, or has ended it
        except ServiceError as failure:
            log.warning("the end of a stream waits", stream=self.name, reason=failure.message)
        raise Ended

    def _leave(self, error: BaseException) -> None:
        """Ends the run alone, to begin anew a moment later."""
        running, self._running = self._running, None
        self._retry_at = time.monotonic() + _RETRY
        if running is not None:
            with suppress(ServiceError):
                running.end(error)

    def _close(self, error: BaseException | None) -> None:
        running, self._running = self._running, None
        self._views.forget(self.lease.processor)
        if self._output is not None:
            self._output.close()
            self._output = None
        if running is not None:
            with suppress(ServiceError):
                running.end(error)


def _state(standing: SourceStanding, rate: float | None) -> dict[str, Any]:
    """What is told of the source beside the message."""
    return {
        "word": str(standing.word),
        "codec": standing.codec,
        "width": standing.width,
        "height": standing.height,
        "frames": standing.rate,
        "rate": None if rate is None else round(rate, 1),
        "last_picture": standing.last_picture,
        "why": standing.why,
        "next_try": standing.next_try,
    }
