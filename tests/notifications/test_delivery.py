"""Notices leave for SNS and for URLs, real ones, and reach nobody they should not."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.server import ThreadedMotoServer
from sqlalchemy import update
from tests.receiving import Receiver, receive
from tests.waiting import wait_until

from regard.caller import LOCAL, Caller
from regard.errors import InvalidParameterException
from regard.jobs.leases import JobLeases
from regard.jobs.notices import JobNotices
from regard.jobs.records import Job, NewJob, Status
from regard.jobs.store import JobStore
from regard.notifications import webhook
from regard.notifications.channel import Refused, check_channel, find_target
from regard.notifications.delivery import Delivery
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import job_notices

EVE = Caller("RGRDEVE", "eve", "operator")
TOPIC = "arn:aws:sns:us-east-1:123456789012:AmazonRekognitionJobs"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from receive()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def ended(database: Database) -> Callable[..., Job]:
    """Makes a job that has ended and tells a channel."""

    def end(channel: str, status: Status = Status.SUCCEEDED, caller: Caller = EVE, **request: Any) -> Job:
        store = JobStore(database)
        video = {"S3Object": {"Bucket": "videos", "Name": "a b/ü.mp4"}}
        request |= {"Video": video, "NotificationChannel": {"SNSTopicArn": channel, "RoleArn": "r"}}
        job = store.start(NewJob("start_face_search", request, "r", caller))
        leases = JobLeases(store)
        lease = leases.take("w")
        assert lease is not None
        leases.finish(lease, status, None if status is Status.SUCCEEDED else "a reason")
        found = store.find(job.job_id)
        assert found is not None
        return found

    return end


def delivery(database: Database, **settings: Any) -> Delivery:
    chosen = Settings.load({}, **{"webhooks": "private", **settings})
    return Delivery(JobNotices(database), chosen, {EVE.key_id: "secret of the key"}.get)


def told(job: Job) -> dict[str, Any]:
    message = {"JobId": job.job_id, "Status": job.status.value, "API": "StartFaceSearch"}
    if job.tag:
        message["JobTag"] = job.tag
    return message | {
        "Timestamp": job.finished,
        "Video": {"S3ObjectName": "a b/ü.mp4", "S3Bucket": "videos"},
    }


def valid(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As docs/video.md tells receivers to check."""
    parts = dict(part.split("=", 1) for part in headers["X-Regard-Signature"].split(","))
    signed = f"{parts['t']}.".encode() + body
    return hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), parts["v1"])


def test_a_url_is_told_of_the_end_in_rekognitions_words_signed(
    database: Database, ended: Callable[..., Job], receiver: Receiver
) -> None:
    job = ended(receiver.url, JobTag="tag")
    assert delivery(database).deliver_one()
    [(headers, body)] = receiver.got
    assert list(json.loads(body).items()) == list(told(job).items())
    assert headers["path"] == "/hook?a=b"
    assert headers["Host"] == receiver.url.split("/")[2]
    secret = hmac.new(b"secret of the key", b"regard webhook", hashlib.sha256).hexdigest()
    assert valid(headers, body, secret)
    assert not valid(headers, body + b" ", secret)
    assert not delivery(database).deliver_one()


def test_a_secret_of_the_settings_signs_in_place_of_the_keys(
    database: Database, ended: Callable[..., Job], receiver: Receiver
) -> None:
    ended(receiver.url, Status.FAILED, LOCAL)
    delivery(database, webhook_secret="ours").deliver_one()
    [(headers, body)] = receiver.got
    assert valid(headers, body, "ours")
    assert json.loads(body)["Status"] == "FAILED"
    assert "JobTag" not in json.loads(body)


def test_what_a_receiver_refuses_is_sent_again_later(
    database: Database, ended: Callable[..., Job], receiver: Receiver
) -> None:
    job = ended(receiver.url)
    receiver.answers += [500, 302, 404]
    sender = delivery(database)
    for n, status in enumerate((500, 302, 404), 1):
        assert sender.deliver_one()
        assert JobNotices(database).state(job) == (receiver.url, n, None, f"it answered {status}")
        assert not sender.deliver_one()
        with database.write() as connection:
            connection.execute(update(job_notices).values(next_try=0))
    assert sender.deliver_one()
    state = JobNotices(database).state(job)
    assert state is not None
    assert state[2] is not None
    assert len({body for _, body in receiver.got}) == 1
    assert {headers["path"] for headers, _ in receiver.got} == {"/hook?a=b"}  # no redirect was followed


def test_a_receiver_that_is_not_there_is_tried_again_later(
    database: Database, ended: Callable[..., Job]
) -> None:
    jobs = [ended("http://127.0.0.1:1/x"), ended("https://no-such-host.invalid/x")]
    for _ in jobs:
        assert delivery(database).deliver_one()
    reasons = [(JobNotices(database).state(job) or ())[3] for job in jobs]
    assert reasons == ["it can't be reached (ConnectError)", "its host is not known"]


def test_notices_are_delivered_while_the_worker_runs(
    database: Database, ended: Callable[..., Job], receiver: Receiver
) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=delivery(database).run, args=(stop,))
    thread.start()
    try:
        jobs = [ended(receiver.url) for _ in range(3)]
        wait_until(lambda: len(receiver.got) == 3)
    finally:
        stop.set()
        thread.join()
    assert {json.loads(body)["JobId"] for _, body in receiver.got} == {job.job_id for job in jobs}


def test_an_sns_topic_is_told_and_its_queue_has_the_message(
    database: Database, ended: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        sns, sqs = (
            boto3.client(name, endpoint_url=endpoint, region_name="us-east-1") for name in ("sns", "sqs")
        )
        topic = sns.create_topic(Name="AmazonRekognitionJobs")["TopicArn"]
        queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        job = ended(topic, JobTag="tag")
        sender = delivery(database, sns_endpoint=endpoint)
        assert sender.deliver_one()
        [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
        assert json.loads(json.loads(message["Body"])["Message"]) == told(job)
        missing = ended(topic + "-none")
        assert sender.deliver_one()
        assert (JobNotices(database).state(missing) or ())[3] == "SNS answered NotFound"
    finally:
        moto.stop()
    again = ended(topic)
    assert delivery(database, sns_endpoint=endpoint).deliver_one()
    assert str((JobNotices(database).state(again) or ())[3]).startswith("SNS can't be reached")


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "0.0.0.0", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",  # noqa: S104
    "2002:7f00:1::", "ff02::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_by_number_and_by_name(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused, match="private network"):
        find_target(f"https://{host}/x", "public")
    for found in ([address], [PUBLIC[0], address]):
        with pytest.raises(Refused, match="private network"):
            find_target("https://hooks.example/x", "public", resolve=lambda *_, found=found: found)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_connected_to_as_they_were_looked_at(address: str) -> None:
    target = find_target("https://hooks.example:8443/x", "public", resolve=lambda *_: [address])
    assert (target.address, target.port) == (address, 8443)
    with pytest.raises(Refused, match="https://"):
        find_target("http://hooks.example/x", "private", resolve=lambda *_: [address])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "https://user:pw@hooks.example/", "https://@/", "https://", "ftp://hooks.example/",
        "https://hooks.example:99999/", "https://[::1", "https://hooks.example/#x",
    ],
)  # fmt: skip
def test_a_url_of_another_form_is_refused_when_the_job_is_started(url: str) -> None:
    with pytest.raises(InvalidParameterException, match="the NotificationChannel can't be used: "):
        check_channel(url, Settings.load({}), EVE.key_id)


def test_the_settings_decide_which_channels_there_are() -> None:
    check_channel("https://hooks.example/x", Settings.load({}), EVE.key_id)
    check_channel("http://localhost:9/x", Settings.load({}, webhooks="private"), EVE.key_id)
    check_channel(TOPIC, Settings.load({}, sns_endpoint="aws"), EVE.key_id)
    check_channel("https://hooks.example/x", Settings.load({}, webhook_secret="s"), LOCAL.key_id)
    for channel, key, settings, words in (
        (TOPIC, EVE.key_id, {}, "REGARD_SNS_ENDPOINT"),
        ("https://hooks.example/x", EVE.key_id, {"webhooks": "none"}, "REGARD_WEBHOOKS"),
        ("https://hooks.example/x", LOCAL.key_id, {}, "REGARD_WEBHOOK_SECRET"),
    ):
        with pytest.raises(InvalidParameterException, match=words):
            check_channel(channel, Settings.load({}, **settings), key)


def authority(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for a host's name that signs itself, and a server that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_a_certificate_is_held_to_the_name_and_not_to_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = authority(tmp_path, "hooks.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def send(name: str, receiver: Receiver) -> None:
        port = receiver.url.split(":")[2].split("/")[0]
        webhook.post(
            f"https://{name}:{port}/x", "{}", "s", allowed="private", resolve=lambda *_: ["127.0.0.1"]
        )

    for receiver in receive(context):
        send("hooks.test", receiver)
        assert receiver.got[0][0]["Host"].startswith("hooks.test:")
        with pytest.raises(webhook.DeliveryFailed, match="can't be reached"):
            send("other.test", receiver)
        assert len(receiver.got) == 1
    _, unknown = authority(tmp_path, "unknown.test")
    for receiver in receive(unknown):
        with pytest.raises(webhook.DeliveryFailed, match="can't be reached"):
            send("unknown.test", receiver)


def test_authorities_are_read_once_until_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = authority(tmp_path, "hooks.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    read, create = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append(1) or create())

    def send(receiver: Receiver) -> None:
        url = receiver.url.replace("http://127.0.0.1", "https://hooks.test")
        webhook.post(url, "{}", "s", allowed="private", resolve=lambda *_: ["127.0.0.1"])

    for receiver in receive(context):
        for _ in range(3):
            send(receiver)
        assert len(read) == 1
    later, context = authority(tmp_path, "hooks.test")
    os.utime(later, (1, 1))
    for receiver in receive(context):
        send(receiver)
        assert len(read) == 2


def test_an_address_is_public_as_python_says_and_no_trick_of_notation_changes_it() -> None:
    for text in ("0x7f.1", "2130706433", "127.1", "0177.0.0.1"):
        with pytest.raises((Refused, OSError)):
            find_target(f"https://{text}/", "public")


def test_a_notice_of_a_key_that_is_gone_says_so(
    database: Database, ended: Callable[..., Job], receiver: Receiver
) -> None:
    job = ended(receiver.url, caller=replace(EVE, key_id="GONE"))
    delivery(database).deliver_one()
    assert receiver.got == []
    assert "key that started it is gone" in str((JobNotices(database).state(job) or ())[3])
