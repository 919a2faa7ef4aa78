"""Who opens a stream: presigned URLs and signed requests, as botocore signs them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.credentials import Credentials

from regard.api.messages import HttpRequest
from regard.errors import IncompleteSignatureException, InvalidSignatureException
from regard.wire.presigned import StreamClaim, presigned, signed_stream

from .event_streams import presign, sign_stream

KEY = Credentials("RGRDKEY", "secret")
TEMPORARY = Credentials("RGRSKEY", "secret", "a token/with+signs=")
QUERY = "session-id=0&video-width=640&challenge-versions=A_1.0.0%2CB_1.0.0"
URL = f"https://liveness.example/start-face-liveness-session-websocket?{QUERY}"
SKEW = timedelta(minutes=5)


def opened(url: str, host: str = "liveness.example", now: datetime | None = None) -> StreamClaim:
    split = urlsplit(url)
    request = HttpRequest("GET", split.path, split.query, (("Host", host),), b"")
    return presigned(request, now=now or datetime.now(UTC), skew=SKEW)


def test_a_presigned_url_is_its_key_s():
    claim = opened(presign(URL, KEY))
    assert (claim.key_id, claim.token) == ("RGRDKEY", None)
    assert claim.check("secret").secret == "secret"


def test_a_port_that_the_client_left_out_of_the_signed_host_is_no_fault():
    assert opened(presign(URL, KEY), host="liveness.example:8091").check("secret")


def test_a_port_that_was_signed_is_no_fault():
    url = presign(URL.replace("example/", "example:8091/"), KEY)
    assert opened(url, host="liveness.example:8091").check("secret")


@pytest.mark.parametrize("host", ["another.example", "liveness.example.another", "liveness.example:80:90"])
def test_another_host_than_the_signed_one_is_refused(host):
    with pytest.raises(InvalidSignatureException):
        opened(presign(URL, KEY), host=host).check("secret")


def test_the_signature_holds_below_a_prefix():
    assert opened(presign(URL.replace("/start", "/some/prefix/start"), KEY)).check("secret")


def test_a_session_token_is_signed_with_the_rest():
    claim = opened(presign(URL, TEMPORARY))
    assert claim.token == TEMPORARY.token
    assert claim.check("secret")


@pytest.mark.parametrize(
    ("part", "instead"),
    [("session-id=0", "session-id=1"), ("640", "641"), ("token", "taken"), ("Expires=299", "Expires=3000")],
)
def test_a_url_of_which_a_part_is_changed_is_refused(part, instead):
    url = presign(URL, TEMPORARY)
    assert part in url
    with pytest.raises(InvalidSignatureException):
        opened(url.replace(part, instead, 1)).check("secret")


def test_another_secret_is_refused():
    with pytest.raises(InvalidSignatureException):
        opened(presign(URL, KEY)).check("another")


@pytest.mark.parametrize("late", [300, -400])
def test_a_url_is_good_for_its_time(late):
    url = presign(URL, KEY)
    with pytest.raises(InvalidSignatureException, match="expired|not yet current"):
        opened(url, now=datetime.now(UTC) + timedelta(seconds=late))


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("X-Amz-Signature", "Signature"),
        lambda url: url.replace("X-Amz-Expires=299", "X-Amz-Expires=-1"),
        lambda url: url.replace("X-Amz-Expires=299", "X-Amz-Expires=9999"),
        lambda url: url + "&X-Amz-Date=20260101T000000Z",
        lambda url: url.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        lambda url: url.split("&X-Amz")[0],
        lambda url: url + "&more=1" * 100,
    ],
)
def test_a_malformed_url_is_refused(change):
    with pytest.raises(IncompleteSignatureException):
        opened(change(presign(URL, KEY)))


def test_a_date_at_the_end_of_time_is_yet_to_come():
    signed = presign(URL, KEY)
    last = re.sub("[0-9]{8}T[0-9]{6}Z", "99991231T235959Z", signed)
    last = re.sub("RGRDKEY%2F[0-9]{8}", "RGRDKEY%2F99991231", last)
    with pytest.raises(InvalidSignatureException, match="not yet current"):
        opened(last)


@pytest.mark.parametrize("credentials", [KEY, TEMPORARY])
def test_a_post_whose_body_is_a_stream_is_signed_by_its_headers(credentials):
    url = "https://liveness.example/start-face-liveness-session"
    headers = sign_stream(url, {"x-amz-other": "one"}, credentials)
    request = HttpRequest("POST", "/start-face-liveness-session", "", tuple(headers.items()), b"")
    claim = signed_stream(request, now=datetime.now(UTC), skew=SKEW)
    assert claim.token == credentials.token
    assert claim.check("secret").signature in headers["Authorization"]
    changed = {**headers, "x-amz-other": "two"}
    request = HttpRequest("POST", "/start-face-liveness-session", "", tuple(changed.items()), b"")
    with pytest.raises(InvalidSignatureException):
        signed_stream(request, now=datetime.now(UTC), skew=SKEW).check("secret")


def test_a_stream_with_the_digest_of_a_body_is_refused():
    url = "https://liveness.example/start-face-liveness-session"
    headers = {**sign_stream(url, {}, KEY), "X-Amz-Content-SHA256": "0" * 64}
    request = HttpRequest("POST", "/start-face-liveness-session", "", tuple(headers.items()), b"")
    with pytest.raises(InvalidSignatureException, match="STREAMING"):
        signed_stream(request, now=datetime.now(UTC), skew=SKEW)
