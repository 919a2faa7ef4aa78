"""Each of the 75 operations, called by boto3 with the smallest request that its model allows."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.api.strategies import API, minimal_request

COMMON = {"ValidationException", "ThrottlingException", "AccessDeniedException"}
"""Errors that every operation may answer beside those its model names."""


@pytest.mark.parametrize("operation", API.operations)
def test_each_operation_answers_its_shape_or_an_error_it_may_have(operation: str, server: Any):
    client = boto3.client(
        "rekognition",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.key_id,
        aws_secret_access_key=server.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    modelled = set(API.operations[operation].errors)
    try:
        answer = getattr(client, operation)(**minimal_request(operation))
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "NotImplementedException":
            assert API.names[operation] in message
        else:
            assert code in (modelled | COMMON) - {"InternalServerError"}, message
    else:
        assert set(answer) <= {*API.operations[operation].output.members, "ResponseMetadata"}
