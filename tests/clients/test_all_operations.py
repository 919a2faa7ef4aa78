"""Each of the 75 operations, called by boto3 with the smallest request that its model allows."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.wire.strategies import minimal_request

from regard.wire.spec import operation_names, output_shape, service, wire_names

COMMON = {"ValidationException", "ThrottlingException", "AccessDeniedException"}
"""Errors that every operation may answer beside those its model names."""


@pytest.mark.parametrize("operation", operation_names())
def test_each_operation_answers_its_shape_or_an_error_it_may_have(operation: str, server: Any):
    client = boto3.client(
        "rekognition",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.key_id,
        aws_secret_access_key=server.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    modelled = {shape.name for shape in service().operation_model(wire_names()[operation]).error_shapes}
    try:
        answer = getattr(client, operation)(**minimal_request(operation))
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "NotImplementedException":
            assert wire_names()[operation] in message
        else:
            assert code in (modelled | COMMON) - {"InternalServerError"}, message
    else:
        assert set(answer) <= {*output_shape(operation).members, "ResponseMetadata"}
