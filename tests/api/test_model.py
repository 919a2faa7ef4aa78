"""The service model as the wire serves it."""

from __future__ import annotations

import sys
import unicodedata

import boto3
import pytest

from regard.api import patterns
from regard.api.aws_json import AwsJson
from regard.api.messages import HttpRequest
from regard.errors import UnknownOperationException

from .strategies import API


def test_every_operation_has_the_name_that_boto3_gives_it():
    client = boto3.client(
        "rekognition", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    assert set(API.operations) == set(client.meta.method_to_api_mapping)
    assert len(API.operations) == 75


@pytest.mark.parametrize(
    "target",
    [None, "", "DetectLabels", "RekognitionService.detect_labels", "RekognitionService.DetectLabels ", "é"],
)
def test_a_target_that_names_no_operation_is_refused(target: str | None):
    headers = () if target is None else (("x-amz-target", target),)
    with pytest.raises(UnknownOperationException):
        AwsJson(API).operation(HttpRequest("POST", "/", "", headers))


def test_compare_faces_has_room_for_two_images_and_other_operations_for_one():
    detect, compare, listing = (
        AwsJson(API).body_limit(API.operations[key], 5_242_880)
        for key in ("detect_labels", "compare_faces", "list_collections")
    )
    assert 6_990_508 < detect < 7_600_000
    assert compare == detect + 6_990_508
    assert listing < 1_000_000


def test_patterns_are_read_as_java_reads_them():
    key = r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"
    assert patterns.matches(key, "Ключ 名前 ½\u3000\u2028")
    assert not patterns.matches(key, "aws:key")
    assert not patterns.matches(key, "a*b")
    assert not patterns.matches(r"\d+", "٣")  # in Java \d is ASCII
    assert not patterns.matches(r".+", "a\u2028b")  # in Java . stops there
    assert patterns.matches(r"[.]\p{L}", ".é")
    assert not patterns.matches(r"[a-z]+", "abc\n")  # the whole value


def test_no_letter_number_or_separator_lies_above_the_planes_that_are_searched():
    above = {unicodedata.category(chr(point))[0] for point in range(patterns._PLANES, sys.maxunicode + 1)}
    assert not above & set("LNZ")


def test_where_aws_needs_the_arn_of_a_stream_a_url_is_taken():
    pattern = API.model.shape_for("KinesisVideoArn").metadata["pattern"]
    assert patterns.matches(pattern, "rtsp://camera.local/stream", "KinesisVideoArn")
    assert not patterns.matches(pattern, "rtsp://camera.local/stream", "ProjectArn")
    assert not patterns.matches(pattern, "gopher://camera.local/", "KinesisVideoArn")
