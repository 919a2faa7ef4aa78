"""Who is told that most of a quota is used: the log, and a URL if the owner names one."""

from __future__ import annotations

import json
from typing import Any

import structlog

from regard.governance.audit import AuditLog
from regard.metering.quotas import Quota
from regard.notifications import webhook
from regard.notifications.channel import Refused
from regard.settings import Settings

log: Any = structlog.get_logger(__name__)


class QuotaWarnings:
    """Warns of one quota at a time."""

    def __init__(self, audit: AuditLog, settings: Settings) -> None:
        self._audit = audit
        self._settings = settings

    def warn(self, quota: Quota) -> None:
        """Records it, and tells the URL of REGARD_QUOTA_WEBHOOK; one that doesn't take it is logged."""
        facts = {"quota": quota.limit.name, "amount": quota.amount, "used": quota.used}
        self._audit.append_command("quota warning", quota.holder, **facts)
        log.warning("most of a quota is used", holder=quota.holder, **facts)
        settings = self._settings
        if not settings.quota_webhook:
            return
        try:
            body = json.dumps({"holder": quota.holder, **facts})
            webhook.post(settings.quota_webhook, body, settings.webhook_secret, allowed=settings.webhooks)
        except (webhook.DeliveryFailed, Refused) as error:
            log.warning("REGARD_QUOTA_WEBHOOK has not taken a warning", reason=str(error))
