"""Takes notices out of the database, one by one, and delivers them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from regard.errors import ServiceError
from regard.jobs.notices import JobNotices
from regard.notifications import webhook
from regard.notifications.channel import Refused, is_topic
from regard.notifications.message import completion_message
from regard.notifications.topic import Topics
from regard.resources.outbox import Outbox
from regard.settings import Settings
from regard.storage.clock import milliseconds

_POLL_SECONDS = 0.5

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

    def deliver(self, outbox: Outbox, *, subject: str | None = None) -> bool:
        """Tries the notice of an outbox whose turn it is; False where there is none."""
        notice = outbox.take()
        if notice is None:
            return False
        try:
            self.bring(notice.channel, notice.message, notice.key_id, subject=subject)
        except (webhook.DeliveryFailed, Refused) as failure:
            seconds = outbox.failed(notice, str(failure))
            log.warning("a notification was not taken", reason=str(failure), again_in=seconds)
        else:
            outbox.delivered(notice)
            log.info("a notification was taken")
        return True

    def secret(self, key_id: str) -> str:
        """The secret that signs POSTs for a key. Raises DeliveryFailed for a key that is gone."""
        if self._settings.webhook_secret:
            return self._settings.webhook_secret
        own = self._secret_of(key_id)
        if own is None:
            raise webhook.DeliveryFailed("the key that started it is gone, and nothing can sign for it")
        return webhook.secret_of_key(own)


class Delivery:
    """Delivers each notice at least once, and tries again, ever more seldom, until it is too old: that of a
    job until its results expire.

    `secret_of` gives the secret of an access key, or None for a key that is gone. `others` are notices of
    something else, which are told beside those of jobs.
    """

    def __init__(
        self,
        notices: JobNotices,
        settings: Settings,
        secret_of: Callable[[str], str | None],
        others: Sequence[Outbox] = (),
    ) -> None:
        self._notices = notices
        self._others = others
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
        if self._deliver_of_job():
            return True
        return any(self._courier.deliver(one) for one in self._others)

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
