"""Why a source can't be read now, in words that hold nothing of its address, and when it is tried again."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable
from enum import StrEnum

import av.error

from regard.video.live.networks import HostUnknown, SourceRefused
from regard.video.reading.limits import VideoError


class FailureCause(StrEnum):
    """LOST: whatever may be over in a moment. LOCKED: another user or password is wanted, and cameras lock
    accounts that try too often. ABSENT: there is no such path. FINAL: trying again can't mend it."""

    LOST = "LOST"
    LOCKED = "LOCKED"
    ABSENT = "ABSENT"
    FINAL = "FINAL"


class SourceFailed(Exception):
    """The source can't be read. The message is a sentence without URL, user, password or path."""

    def __init__(self, why: str, cause: FailureCause = FailureCause.LOST) -> None:
        super().__init__(why)
        self.why, self.cause = why, cause

    def __reduce__(self) -> tuple[type[SourceFailed], tuple[str, FailureCause]]:
        return type(self), (self.why, self.cause)


UNTRUSTED = (
    "Its certificate is not one that this machine trusts: add it to REGARD_SOURCE_CERTIFICATES, or "
    "?tls=insecure to the URL."
)

_SAID: tuple[tuple[type[BaseException], str, FailureCause], ...] = (
    (av.error.HTTPUnauthorizedError, "It wants another user or password.", FailureCause.LOCKED),
    (av.error.HTTPForbiddenError, "It doesn't let this user in.", FailureCause.LOCKED),
    (av.error.HTTPNotFoundError, "It has no stream of that name.", FailureCause.ABSENT),
    (av.error.HTTPError, "It answered with an error.", FailureCause.LOST),
    (av.error.DecoderNotFoundError, "Its codec can't be decoded here.", FailureCause.FINAL),
    (
        av.error.DemuxerNotFoundError,
        "What it sends is of a kind that can't be read here.",
        FailureCause.FINAL,
    ),
    (
        av.error.ProtocolNotFoundError,
        "What it sends is of a kind that can't be read here.",
        FailureCause.FINAL,
    ),
    (av.error.InvalidDataError, "What it sends is no video that can be read.", FailureCause.LOST),
    (ssl.SSLCertVerificationError, UNTRUSTED, FailureCause.LOST),
    (ConnectionRefusedError, "Connection refused.", FailureCause.LOST),
    (ConnectionError, "The connection broke.", FailureCause.LOST),
    (TimeoutError, "It doesn't answer.", FailureCause.LOST),
    (av.error.ExitError, "It doesn't answer.", FailureCause.LOST),
    (MemoryError, "What it sends needs too much memory.", FailureCause.LOST),
)


def failure_of(error: BaseException) -> SourceFailed:
    """What may be told of an exception. FFmpeg's hold the URL with its password: their class is passed on,
    never their text."""
    if isinstance(error, SourceFailed):
        return error
    if isinstance(error, SourceRefused):
        return SourceFailed(
            str(error), FailureCause.LOST if isinstance(error, HostUnknown) else FailureCause.FINAL
        )
    if isinstance(error, VideoError):
        return SourceFailed(str(error), FailureCause.FINAL)
    for kind, why, cause in _SAID:
        if isinstance(error, kind):
            return SourceFailed(why, cause)
    return SourceFailed(f"The connection failed ({type(error).__name__}).")


_FIRST, _LAST = 0.5, 30.0  # s
_LOCKED = (60.0, 300.0, 3600.0)  # s
_ABSENT = 30.0  # s
_GOOD = 60.0  # s of pictures after which all is as at first
_JITTER = 0.2


class Retries:
    """When a source is tried again, for ever."""

    def __init__(self, vary: Callable[[], float] = random.random) -> None:
        """`vary` gives numbers from 0 to 1: sources that were lost together aren't all tried at once."""
        self._vary = vary
        self._lost = self._locked = 0

    def after(self, cause: FailureCause, played: float) -> float:
        """Seconds to wait, a fifth more or less. `played`: s for which pictures came before it failed."""
        if played >= _GOOD:
            self._lost = 0
        if played > 0:
            self._locked = 0
        if cause is FailureCause.LOCKED:
            self._locked += 1
            return _LOCKED[min(self._locked, len(_LOCKED)) - 1]
        wait = _ABSENT
        if cause is not FailureCause.ABSENT:
            wait = min(_LAST, _FIRST * 2 ** min(self._lost, 16))
            self._lost += 1
        return wait * (1 - _JITTER + 2 * _JITTER * self._vary())
