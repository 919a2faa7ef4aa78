"""Tests of `regard.wire`, with botocore as the opposite party."""
