"""Addresses of live sources: what is read, and what of it is never shown."""

from __future__ import annotations

import traceback
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.video.live.address import SourceAddress, SourceKind

_TYPED = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=4, max_size=40)
_SCHEMES = st.sampled_from(["rtsp", "rtsps", "rtmp", "http", "https"])


def _parsed(text: str) -> tuple[SourceAddress | None, str]:
    """The address if it is one, and all that is said of it."""
    try:
        address = SourceAddress.parse(text)
    except ValueError as error:
        return None, "".join(traceback.format_exception(error))
    return address, repr(address) + str(address)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rtsp://10.0.0.9/stream1", SourceKind.RTSP),
        ("rtsps://cam.example.org:7441/stream1", SourceKind.RTSP),
        ("rtmp://10.0.0.9/live/one", SourceKind.RTMP),
        ("https://cam.example.org/live/index.m3u8?token=1", SourceKind.HLS),
        ("http://[fd00::7]:8080/video.mjpg", SourceKind.MJPEG),
        ("file:///dev/video0", SourceKind.DEVICE),
        ("file:///films/door.mp4?loop=1", SourceKind.FILE),
        ("arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1510000000000", SourceKind.KINESIS),
    ],
)
def test_the_scheme_says_how_a_source_is_read(text: str, kind: SourceKind) -> None:
    assert SourceAddress.parse(text).kind is kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("srt://10.0.0.9:9000", "no SRT"),
        ("ftp://10.0.0.9/film", "rtsp://"),
        ("door.mp4", "rtsp://"),
        ("rtsp:///stream1", "no host"),
        ("rtsp://10.0.0.9:99999/stream1", "host or port"),
        ("rtsp://10.0.0.9/a b", "space"),
        ("rtsp://10.0.0.9/\r\nX: y", "space"),
        ("file://server/share/film.mp4", "three slashes"),
        ("file:///films/door.mp4?speed=2", "loop=1"),
        ("arn:aws:kinesisvideo:us-east-1:123456789012:channel/door/1", "no ARN"),
        ("rtsp://" + "a" * 3000, "2048"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        SourceAddress.parse(text)
    assert str(refused.value).endswith(".")


@given(scheme=_SCHEMES, user=_TYPED, password=_TYPED)
def test_any_user_and_password_are_read_and_not_shown(scheme: str, user: str, password: str) -> None:
    text = f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@10.0.0.9/x"
    address = SourceAddress.parse(text)
    assert (address.user, address.password) == (user, password)
    assert address.shown == str(address) == f"{scheme}://10.0.0.9/x"
    assert address.shown in repr(address)
    assert not {password, quote(password, safe="")} & set(repr(address).split("'"))
    assert unquote(urlsplit(address.url).password or "") == password


@given(scheme=_SCHEMES, password=_TYPED)
def test_a_password_as_it_was_typed_is_shown_nowhere(scheme: str, password: str) -> None:
    """Whether it can be read with its @, / and # or not."""
    secret = f"Zq{password}qZ"  # no part of what is said otherwise
    address, said = _parsed(f"{scheme}://admin:{secret}@10.0.0.9/main")
    assert "Zq" not in said
    if address is not None:
        assert (address.host, address.password) == ("10.0.0.9", unquote(secret))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://10.0.0.9/cam?channel=2&subtype=1", "rtsp://10.0.0.9/cam?channel=2&subtype=1"),
        ("http://10.0.0.9/video?usr=me&pwd=S3&channel=2", "http://10.0.0.9/video?usr=***&pwd=***&channel=2"),
        ("http://10.0.0.9/video?S3", "http://10.0.0.9/video?***"),
        ("http://10.0.0.9/video?channel=2;pwd=S3", "http://10.0.0.9/video?channel=***"),
        ("rtsp://10.0.0.9/user=me_password=S3_channel=1", "rtsp://10.0.0.9/user=me_password=***"),
    ],
)
def test_secrets_in_query_and_path_are_hidden(text: str, shown: str) -> None:
    address = SourceAddress.parse(text)
    assert address.shown == shown
    assert address.url == text


def test_a_file_is_named_with_its_characters() -> None:
    address = SourceAddress.parse("file:///films/the%20door.mp4?loop=1")
    assert address.path == "/films/the door.mp4"
    assert address.loops


@pytest.mark.parametrize(
    ("text", "shown", "asked"),
    [
        ("rtsps://10.0.0.7/1?tls=insecure", "rtsps://10.0.0.7/1?tls=insecure", "rtsps://10.0.0.7/1"),
        (
            "https://u:p@10.0.0.7/v?channel=2&tls=insecure&x=y",
            "https://10.0.0.7/v?channel=2&x=***&tls=insecure",
            "https://u:p@10.0.0.7/v?channel=2&x=y",
        ),
    ],
)
def test_a_certificate_goes_unchecked_where_the_url_says_so(text: str, shown: str, asked: str) -> None:
    address = SourceAddress.parse(text)
    assert (address.is_checked, address.shown, address.url) == (False, shown, asked)


def test_a_certificate_is_checked_where_nothing_is_said() -> None:
    assert SourceAddress.parse("rtsps://10.0.0.7/1?tls=none").is_checked


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
def test_what_has_no_certificate_has_none_to_leave_unchecked(scheme: str) -> None:
    with pytest.raises(ValueError, match="tls=insecure is for rtsps://, rtmps://, https:// alone"):
        SourceAddress.parse(f"{scheme}://10.0.0.7/1?tls=insecure")
