"""Records of stream processors reach Kinesis, URLs and files in order, and wait while nobody takes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.receiving import Receiver, receive
from tests.waiting import wait_until

from regard.notifications.record_output import RecordOutput
from regard.notifications.record_sinks import FileSink, KinesisSink, RecordSink, UrlSink
from regard.notifications.webhook import DeliveryFailed

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/records"
RECORDS = [json.dumps({"n": n}) for n in range(5)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from receive()


@pytest.fixture(scope="module")
def kinesis() -> Iterator[tuple[str, Any]]:
    """The endpoint of a Kinesis of the tests' own, and a client of it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
        client = boto3.client("kinesis", endpoint_url=endpoint, region_name="us-east-1")
        client.create_stream(StreamName="records", ShardCount=1)
        yield endpoint, client
        server.stop()


class SlowSink:
    """Takes nothing until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.got: list[str] = []

    def put(self, records: Sequence[str]) -> Sequence[str]:
        if not self.open.is_set():
            raise DeliveryFailed("it is closed")
        self.got += records
        return ()

    def close(self) -> None: ...


def send(sink: RecordSink, records: Sequence[str] = RECORDS, **options: float) -> RecordOutput:
    output = RecordOutput(sink, name="test", **options)
    for one in records:
        output.put(one)
    return output


def test_kinesis_gets_the_records_in_order_under_one_key(kinesis: tuple[str, Any]) -> None:
    endpoint, client = kinesis
    send(KinesisSink(ARN, endpoint, "door")).close()
    shard = client.list_shards(StreamName="records")["Shards"][0]["ShardId"]
    place = client.get_shard_iterator(StreamName="records", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    got = client.get_records(ShardIterator=place)["Records"]
    assert [one["Data"].decode() for one in got] == RECORDS
    assert {one["PartitionKey"] for one in got} == {"door"}


def test_a_stream_that_is_not_there_ends_the_output_in_awss_words(kinesis: tuple[str, Any]) -> None:
    output = send(KinesisSink(ARN.replace("stream/records", "stream/none"), kinesis[0], "door"))
    wait_until(lambda: output.state.is_gone)
    assert output.state.failure == "Stream none under account 123456789012 not found."
    assert output.state.dropped == len(RECORDS)
    output.close()


def test_a_url_gets_signed_arrays(receiver: Receiver) -> None:
    output = send(UrlSink(receiver.url, "secret", allowed="private"))
    output.close()
    got = [one for _, body in receiver.got for one in json.loads(body)]
    assert got == [json.loads(one) for one in RECORDS]
    headers, body = receiver.got[0]
    stamp, code = headers["X-Regard-Signature"].split(",")
    signed = f"{stamp[2:]}.{body.decode()}".encode()
    assert code[3:] == hmac.digest(b"secret", signed, hashlib.sha256).hex()


def test_a_file_gets_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    send(FileSink(file)).close()
    assert file.read_text().splitlines() == RECORDS


def test_a_file_that_is_a_link_is_not_written(tmp_path: Path) -> None:
    aim = tmp_path / "elsewhere"
    (tmp_path / "records.jsonl").symlink_to(aim)
    output = send(FileSink(tmp_path / "records.jsonl"))
    wait_until(lambda: output.state.failure)
    output.close()
    assert not aim.exists()


def test_records_wait_in_order_while_nobody_takes_them() -> None:
    sink = SlowSink()
    output = send(sink)
    wait_until(lambda: output.state.failure)
    sink.open.set()
    wait_until(lambda: sink.got == RECORDS)
    output.close()
    assert (output.state.sent, output.state.dropped, output.state.failure) == (len(RECORDS), 0, None)


def test_what_waited_too_long_is_dropped_and_counted() -> None:
    output = send(SlowSink(), patience=0.2)
    wait_until(lambda: output.state.dropped == len(RECORDS))
    output.close()
