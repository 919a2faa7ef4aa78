"""Takes notices out of the database, one by one, and delivers them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import structlog

from regard.errors import ServiceError
from regard.jobs.notices import JobNotices
from regard.notifications import webhook
from regard.notifications.channel import Refused, is_topic
from regard.notifications.message import completion_message
from regard.notifications.topic import Topics
from regard.settings import Settings
from regard.storage.clock import milliseconds

_POLL_SECONDS = 0.5

L = TypeVar("L", bound="Mailing")

log: Any = structlog.get_logger(__name__)


class Courier:
    """Brings messages to topics and URLs.

    `secret_of` gives the secret of an access key, or None for a key that is gone.
    """

    def __init__(self, settings: Settings, secret_of: Callable[[str], str | None]) -> None:
        self._settings = settings
        self._secret_of = secret_of
        self._topics = Topics(settings.sns_endpoint)

    def bring(self, channel: str, message: str, key_id: str, *, subject: str | None = None) -> None:
        """Brings a message once; a POST is signed for the key `key_id`, a topic is given the `subject`.

        Raises DeliveryFailed and Refused.
        """
        if is_topic(channel):
            self._topics.publish(channel, message, subject)
            return
        webhook.post(channel, message, self.secret(key_id), allowed=self._settings.webhooks)

    def secret(self, key_id: str) -> str:
        """The secret that signs POSTs for a key. Raises DeliveryFailed for a key that is gone."""
        if self._settings.webhook_secret:
            return self._settings.webhook_secret
        own = self._secret_of(key_id)
        if own is None:
            raise webhook.DeliveryFailed("the key that started it is gone, and nothing can sign for it")
        return webhook.secret_of_key(own)


class Mailing(Protocol):
    """A message, whom it is for, and the key that signs it."""

    @property
    def channel(self) -> str: ...

    @property
    def message(self) -> str: ...

    @property
    def key_id(self) -> str: ...


class Letters(Protocol[L]):
    """Letters that are kept until somebody took them."""

    def take(self) -> L | None:
        """A letter whose time has come, or None."""
        ...

    def delivered(self, letter: L, /) -> None:
        """Somebody took it."""
        ...

    def failed(self, letter: L, reason: str, /) -> float:
        """Has it tried again later; answers in how many seconds."""
        ...


class Delivery(Generic[L]):
    """Delivers each notice at least once, and tries again, ever more seldom, until it is too old: that of a
    job until its results expire.

    `secret_of` gives the secret of an access key, or None for a key that is gone. `letters` are those beside
    the notices of jobs.
    """

    def __init__(
        self,
        notices: JobNotices,
        settings: Settings,
        secret_of: Callable[[str], str | None],
        letters: Letters[L] | None = None,
    ) -> None:
        self._notices = notices
        self._letters = letters
        self._courier = Courier(settings, secret_of)

    def run(self, stop: threading.Event) -> None:
        """Delivers until it is told to stop. A database that is away for a while is waited for."""
        while not stop.is_set():
            try:
                found = self.deliver_one()
            except ServiceError as error:
                log.warning("a notification waits", reason=error.message)
                found = False
            except Exception:
                log.exception("a notification failed")  # it is tried again; the others must not wait for it
                found = False
            if not found:
                stop.wait(_POLL_SECONDS)

    def deliver_one(self) -> bool:
        """Tries the notice whose turn it is; False where there is none."""
        return self._deliver_of_job() or self._deliver_letter()

    def _deliver_letter(self) -> bool:
        letter = None if self._letters is None else self._letters.take()
        if self._letters is None or letter is None:
            return False
        try:
            self._courier.bring(letter.channel, letter.message, letter.key_id)
        except (webhook.DeliveryFailed, Refused) as failure:
            seconds = self._letters.failed(letter, str(failure))
            log.warning("a notification was not taken", reason=str(failure), again_in=seconds)
        else:
            self._letters.delivered(letter)
            log.info("a notification was taken")
        return True

    def _deliver_of_job(self) -> bool:
        notice = self._notices.take()
        if notice is None:
            return False
        try:
            message = completion_message(notice.job)
            self._courier.bring(notice.channel, message, notice.job.caller.key_id)
        except (webhook.DeliveryFailed, Refused) as failure:
            seconds = self._notices.failed(notice, str(failure))
            log.warning(
                "a notification was not taken", job=notice.job.job_id, reason=str(failure), again_in=seconds
            )
        else:
            self._notices.delivered(notice)
            waited = milliseconds() - (notice.job.finished or 0)
            log.info("a notification was taken", job=notice.job.job_id, seconds=round(waited / 1000, 1))
        return True
