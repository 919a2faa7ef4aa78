"""Signatures, with botocore's signer as the opposite party."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.api.messages import HttpRequest
from regard.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    ServiceError,
    UnrecognizedClientException,
)
from regard.wire import sigv4
from regard.wire.sigv4 import verify

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SKEW = timedelta(minutes=5)

# What h11 lets through in a header's value: visible latin-1, spaces and tabs.
header_values = st.text(
    st.sampled_from("".join(chr(code) for code in (9, *range(32, 127), *range(0xA0, 0x100)))), max_size=30
)
header_names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True).map(
    lambda name: f"X-Extra-{name}"
)


def sign(
    body: bytes = b"{}",
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    secret: str = SECRET,
    key_id: str = KEY_ID,
    token: str | None = None,
    service: str = "rekognition",
    region: str = "eu-central-1",
) -> HttpRequest:
    """A request as botocore signs and sends it."""
    request = AWSRequest(
        "POST",
        f"http://127.0.0.1:8090/{'?' if query else ''}{query}",
        data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "RekognitionService.DetectFaces",
            "User-Agent": "tests",
            **(headers or {}),
        },
    )
    SigV4Auth(Credentials(key_id, secret, token), service, region).add_auth(request)
    sent = (("Host", "127.0.0.1:8090"), *request.headers.items())
    return HttpRequest("POST", "/", query, sent, body)


def check(request: HttpRequest, secret: str | None = SECRET, late: timedelta = timedelta(0)) -> str:
    return verify(
        request,
        lambda key_id: secret if key_id == KEY_ID else None,
        now=datetime.now(UTC) + late,
        skew=SKEW,
    )


def with_header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with a header's value replaced or, for None, the header left out."""
    changed = [
        (key, value if key.lower() == name.lower() else old)
        for key, old in request.headers
        if not (key.lower() == name.lower() and value is None)
    ]
    return replace(request, headers=tuple((key, text) for key, text in changed if text is not None))


def with_authorization(request: HttpRequest, pattern: str, replacement: str) -> HttpRequest:
    value = dict(request.headers)["Authorization"]
    changed, count = re.subn(pattern, replacement, value)
    assert count == 1
    return with_header(request, "Authorization", changed)


@settings(deadline=None)
@given(body=st.binary(max_size=300), headers=st.dictionaries(header_names, header_values, max_size=4))
def test_what_botocore_signed_is_verified(body: bytes, headers: dict[str, str]):
    assert check(sign(body, headers=headers)) == KEY_ID


@settings(deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.text("abAB09-_.~", min_size=1, max_size=5), st.text("abAB09-_.~", max_size=5)),
        max_size=4,
    )
)
def test_a_query_is_part_of_what_is_signed(pairs: list[tuple[str, str]]):
    query = "&".join(f"{key}={value}" for key, value in pairs)
    request = sign(query=query)
    assert check(request) == KEY_ID
    with pytest.raises(InvalidSignatureException):
        check(replace(request, query=f"{query}&zz=1"))


@settings(deadline=None)
@given(data=st.data(), body=st.binary(min_size=1, max_size=100))
def test_a_body_with_any_byte_changed_is_refused(data: st.DataObject, body: bytes):
    request = sign(body)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidSignatureException, match="The request signature we calculated does not match"):
        check(replace(request, body=bytes(changed)))


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_signed_header_with_any_character_changed_is_refused(data: st.DataObject):
    request = sign(headers={"X-Extra": "some text"})
    names = ["Content-Type", "X-Amz-Target", "X-Amz-Date", "Host", "X-Extra", "Authorization"]
    name = data.draw(st.sampled_from(names))
    value = dict(request.headers)[name]
    # Nothing that is drawn may depend on the signature: it differs from one second to the next.
    place = data.draw(st.integers(0, 999)) % len(value)
    letter = data.draw(st.sampled_from("abz019ABZ/=.,;"))
    letter = "~" if letter == value[place] else letter
    changed = value[:place] + letter + value[place + 1 :]
    with pytest.raises(ServiceError):
        check(with_header(request, name, changed))


def test_method_and_path_are_part_of_what_is_signed():
    request = sign()
    for changed in (replace(request, method="PUT"), replace(request, path="/other")):
        with pytest.raises(InvalidSignatureException):
            check(changed)


def test_white_space_in_headers_is_folded_and_repeated_headers_are_joined():
    request = sign(headers={"X-Extra": "a b,c"})
    headers = [item for item in request.headers if item[0] != "X-Extra"]
    loose = (*headers, ("x-extra", "  a \t b "), ("X-EXTRA", "c  "))
    assert check(replace(request, headers=loose)) == KEY_ID


def test_a_wrong_secret_is_an_invalid_signature_and_an_unknown_key_an_invalid_token():
    with pytest.raises(InvalidSignatureException, match="Check your AWS Secret Access Key"):
        check(sign(secret="another"))
    with pytest.raises(
        UnrecognizedClientException, match="security token included in the request is invalid"
    ):
        check(sign(key_id="AKIDOTHER"))


def test_a_session_token_is_unrecognized():
    with pytest.raises(UnrecognizedClientException):
        check(sign(token="session"))


def test_a_new_secret_counts_at_once():
    request = sign()
    assert check(request) == KEY_ID
    with pytest.raises(InvalidSignatureException):
        check(request, secret="renewed")


@pytest.mark.parametrize("minutes", [-5.5, 5.5, 60 * 24 * 365, -60 * 24])
def test_an_old_or_early_signature_is_refused_with_the_window(minutes: float):
    expected = r"Signature expired: .* is now earlier than .* - 5 min" if minutes > 0 else "not yet current"
    with pytest.raises(InvalidSignatureException, match=expected):
        check(sign(), late=timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-4.5, 4.5])
def test_a_clock_that_is_off_by_less_is_accepted(minutes: float):
    assert check(sign(), late=timedelta(minutes=minutes)) == KEY_ID


def test_a_request_without_a_signature_lacks_its_token():
    for changed in (
        with_header(sign(), "Authorization", None),
        with_header(sign(), "Authorization", "Bearer x"),
    ):
        with pytest.raises(MissingAuthenticationTokenException, match="^Missing Authentication Token$"):
            check(changed)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"Credential=[^,]+, ", ""),
        (r", Signature=.+", ""),
        (r"SignedHeaders=[^,]+, ", ""),
        (r"Credential=[^,]+", "Credential=AKIDEXAMPLE"),
        (r"Credential=[^/]+", "Credential="),
        (r"^AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        (r"Signature=", "Signature=x, Signature="),
        (r"Signature=", "Signature = "),
        (r"SignedHeaders", "Other"),
    ],
)
def test_a_malformed_authorization_is_incomplete(pattern: str, replacement: str):
    with pytest.raises(IncompleteSignatureException):
        check(with_authorization(sign(), pattern, replacement))


@pytest.mark.parametrize(
    "date", ["", "20260101", "2026-01-01T00:00:00Z", "20261301T000000Z", "20260101T000060Z"]
)
def test_a_malformed_date_is_incomplete(date: str):
    request = with_authorization(sign(), r"/\d{8}/", f"/{date[:8]}/")
    with pytest.raises(IncompleteSignatureException):
        check(with_header(request, "X-Amz-Date", date))


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date", "X-Amz-Target", "Host"])
def test_a_header_that_decides_may_come_once(name: str):
    request = sign()
    with pytest.raises(IncompleteSignatureException, match="more than once"):
        check(replace(request, headers=(*request.headers, (name, dict(request.headers)[name]))))


def test_the_scope_must_name_this_service_and_the_day_of_the_request():
    with pytest.raises(InvalidSignatureException, match="correct service: 'rekognition'"):
        check(sign(service="s3"))
    with pytest.raises(InvalidSignatureException, match="Date in Credential scope"):
        check(with_authorization(sign(), r"/\d{8}/", "/20110909/"))
    with pytest.raises(InvalidSignatureException, match="aws4_request"):
        check(with_authorization(sign(), "aws4_request", "aws5_request"))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "my-house"])
def test_any_region_is_taken(region: str):
    assert check(sign(region=region)) == KEY_ID


@pytest.mark.parametrize("name", ["x-amz-target", "host", "x-amz-date"])
def test_a_header_that_decides_must_be_signed(name: str):
    listed = dict(sign().headers)["Authorization"]
    names = re.search("SignedHeaders=([^,]+)", listed)[1].split(";")  # type: ignore[index]
    kept = ";".join(part for part in names if part != name)
    with pytest.raises(InvalidSignatureException, match=f"'{name}' must be a 'SignedHeader'"):
        check(with_authorization(sign(), r"SignedHeaders=[^,]+", f"SignedHeaders={kept}"))


def test_a_header_of_regard_that_was_added_after_signing_is_refused_and_any_other_is_not():
    request = sign()
    proxied = replace(
        request, headers=(*request.headers, ("X-Amzn-Trace-Id", "1"), ("X-Forwarded-For", "::1"))
    )
    assert check(proxied) == KEY_ID
    with pytest.raises(InvalidSignatureException, match="'x-regard-case' must be a 'SignedHeader'"):
        check(replace(request, headers=(*request.headers, ("X-Regard-Case", "4711"))))
    assert check(sign(headers={"X-Regard-Case": "4711"})) == KEY_ID


def test_a_signed_header_that_is_missing_is_refused():
    with pytest.raises(InvalidSignatureException, match="'x-extra' is missing"):
        check(with_header(sign(headers={"X-Extra": "a"}), "X-Extra", None))


def test_a_content_hash_must_be_the_body_s():
    body = b'{"a": 1}'
    digest = hashlib.sha256(body).hexdigest()
    assert check(sign(body, headers={"X-Amz-Content-SHA256": digest})) == KEY_ID
    for other in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", digest.upper(), "0" * 64):
        with pytest.raises(InvalidSignatureException, match="x-amz-content-sha256"):
            check(sign(body, headers={"X-Amz-Content-SHA256": other}))


# From AWS's published test suite (aws-sig-v4-test-suite), as far as it applies to a POST or GET of "/".
VECTORS: list[tuple[str, str, str, list[tuple[str, str]], bytes, str]] = [
    ("get-vanilla", "GET", "", [], b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("post-vanilla", "POST", "", [], b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "get-header-value-trim",
        "GET",
        "",
        [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')],
        b"",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    (
        "get-header-key-duplicate",
        "GET",
        "",
        [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        b"",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    (
        "get-vanilla-query-order-key-case",
        "GET",
        "Param2=value2&Param1=value1",
        [],
        b"",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "post-x-www-form-urlencoded",
        "POST",
        "",
        [("Content-Type", "application/x-www-form-urlencoded")],
        b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_the_published_vectors(vector: Any, monkeypatch: pytest.MonkeyPatch):
    _, method, query, extra, body, signature = vector
    monkeypatch.setattr(sigv4, "SERVICE", "service")
    monkeypatch.setattr(sigv4, "_SIGNED", ("host", "x-amz-date"))
    headers = [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"), *extra]
    names = ";".join(sorted({name.lower() for name, _ in headers}))
    headers.append(
        (
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders={names}, Signature={signature}",
        )
    )
    request = HttpRequest(method, "/", query, headers, body)
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    assert verify(request, lambda _: SECRET, now=now, skew=SKEW) == KEY_ID
