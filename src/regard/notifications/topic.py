"""A notification by SNS, or by whatever speaks SNS at the endpoint of the settings."""

from __future__ import annotations

import threading
from typing import Any

from regard.notifications.webhook import DeliveryFailed


class Topics:
    """Publishes to SNS topics. Credentials are those of the process's environment, as boto3 finds them."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def publish(self, arn: str, message: str, subject: str | None = None) -> None:
        """Raises DeliveryFailed when the topic did not take the message."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._endpoint is None:
            raise DeliveryFailed("this server has no SNS any more (REGARD_SNS_ENDPOINT)")
        try:
            about = {} if subject is None else {"Subject": subject}
            self._client(arn.split(":")[3]).publish(TopicArn=arn, Message=message, **about)
        except ClientError as error:
            raise DeliveryFailed(f"SNS answered {error.response['Error']['Code']}") from error
        except (BotoCoreError, ValueError) as error:
            raise DeliveryFailed(f"SNS can't be reached ({type(error).__name__})") from error

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                import boto3
                from botocore.config import Config

                config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1})
                endpoint = None if self._endpoint == "aws" else self._endpoint
                self._clients[region] = boto3.client(
                    "sns", endpoint_url=endpoint, region_name=region or None, config=config
                )
            return self._clients[region]
