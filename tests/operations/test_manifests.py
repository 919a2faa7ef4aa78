"""Manifests of bulk analysis: every line is read or said to be wrong, from any place on."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import InvalidManifestException
from regard.operations.inputs.manifests import (
    INVALID_JSON_LINE,
    INVALID_SOURCE_REF,
    LONGEST_LINE,
    MISSING_SOURCE_REF,
    ManifestEntry,
    measure,
    read_entries,
)

MANY = 10_000


def entries(content: bytes) -> list[ManifestEntry]:
    return list(read_entries(io.BytesIO(content)))


def code(content: bytes) -> str:
    [entry] = entries(content)
    assert entry.error is not None
    return entry.error[0]


def test_a_line_names_a_picture_by_bucket_and_key() -> None:
    content = b'{"source-ref": "s3://foo/bar/1 \xc3\xa9.jpg", "other": [1]}\n'
    assert entries(content) == [ManifestEntry(1, len(content), "s3://foo/bar/1 é.jpg", "foo", "bar/1 é.jpg")]


def test_blank_lines_carriage_returns_a_byte_order_mark_and_a_last_line_without_an_end_are_fine() -> None:
    content = b'\xef\xbb\xbf{"source-ref":"s3://foo/a"}\r\n\r\n  \n{"source-ref":"s3://foo/b"}'
    assert [(one.line, one.key, one.error) for one in entries(content)] == [(1, "a", None), (4, "b", None)]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'"s3://foo/a"',
        b"\xff",
        b"null",
        b"[" * 5000,
        b"1" * 5000,
        b'{"source-ref": "s3://foo/a"} {}',
        b'{"source-ref": "s3://foo/' + b"a" * LONGEST_LINE + b'"}',
    ],
)
def test_what_is_no_json_object_is_an_error_of_its_line(line: bytes) -> None:
    content = line + b'\n{"source-ref": "s3://foo/b"}\n'
    first, second = entries(content)
    assert first.error is not None
    assert first.error[0] == INVALID_JSON_LINE
    assert (second.line, second.key) == (2, "b")


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "a.jpg",
        "s3://foo",
        "s3://foo/",
        "s3:///a",
        "https://foo/a",
        "file:///etc/passwd",
        "S3://foo/a",
        " s3://foo/a",
        "s3://f o/a",
        "s3://fo/a",
        "s3://foo/\ud800",
        "s3://foo/" + "é" * 513,
        7,
        ["s3://foo/a"],
    ],
)
def test_what_is_no_reference_is_an_error_of_its_line(reference: Any) -> None:
    assert code(json.dumps({"source-ref": reference}).encode()) == INVALID_SOURCE_REF


def test_a_line_without_a_reference_says_so() -> None:
    assert code(b'{"image": "s3://foo/a"}') == MISSING_SOURCE_REF
    assert code(b'{"source-ref": null}') == MISSING_SOURCE_REF


_LINE = st.one_of(
    st.sampled_from([b"", b"   ", b"\t", b"{}", b"{", b"nonsense", b'{"source-ref": 1}']),
    st.text(min_size=1, max_size=20).map(lambda key: json.dumps({"source-ref": f"s3://foo/{key}"}).encode()),
    st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")),
    st.integers(LONGEST_LINE - 2, 3 * LONGEST_LINE).map(lambda size: b"x" * size),
)


@given(
    lines=st.lists(st.tuples(_LINE, st.sampled_from([b"\n", b"\r\n"])), max_size=20),
    ended=st.booleans(),
    data=st.data(),
)
def test_any_lines_are_counted_read_and_read_on_from_any_of_them(
    lines: list[tuple[bytes, bytes]], ended: bool, data: st.DataObject
) -> None:
    content = b"".join(line + end for line, end in lines) + (b"" if ended else b'{"source-ref":"s3://foo/z"}')
    # By the book: split at line feeds, pass over what is blank.
    expected = [
        number
        for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        if line.strip()
    ]
    found = entries(content)
    assert [one.line for one in found] == expected
    for one in found:
        assert (one.error is None) == bool(one.bucket and one.key)
        assert content[: one.end].count(b"\n") in (one.line, one.line - 1)
    if not found:
        with pytest.raises(InvalidManifestException):
            measure(io.BytesIO(content), limit=MANY)
        return
    measured = measure(io.BytesIO(content), limit=MANY)
    assert (measured.entries, measured.digest) == (len(found), hashlib.sha256(content).hexdigest())
    at = data.draw(st.integers(0, len(found) - 1))
    rest = list(read_entries(io.BytesIO(content), line=found[at].line, place=found[at].end))
    assert rest == found[at + 1 :]


def test_more_lines_than_a_manifest_may_have_are_refused() -> None:
    content = b'{"source-ref":"s3://foo/a"}\n\n' * 5
    assert measure(io.BytesIO(content), limit=5).entries == 5
    with pytest.raises(InvalidManifestException, match="more than 4"):
        measure(io.BytesIO(content), limit=4)


def test_a_line_without_an_end_is_never_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        left, limit = 50_000_000, 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, place: int, whence: int = 0, /) -> int:
            return 0

        def tell(self) -> int:
            return 50_000_000 - self.left

        def readline(self, size: int | None = -1, /) -> bytes:  # type: ignore[override]
            assert size is not None
            assert 0 < size <= LONGEST_LINE
            given = min(size, self.left)
            self.left -= given
            return b"x" * given

    [entry] = read_entries(Endless())  # type: ignore[arg-type]
    assert entry.error is not None
    assert entry.end == 50_000_000
