"""A file read piece by piece is the file, whatever order it is read in."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.storage.buckets import ranges
from regard.storage.buckets.ranges import RangeReader

CONTENT = random.Random(1).randbytes(1000)
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 2]), st.integers(-200, 1200), st.integers(0, 300)), max_size=12
)


@settings(max_examples=200, deadline=None)
@given(block=st.integers(1, 400), steps=STEPS)
def test_it_reads_and_seeks_as_a_file_does(block: int, steps: list[tuple[int, int, int]]) -> None:
    fetched: list[tuple[int, int]] = []

    def fetch(first: int, last: int) -> bytes:
        fetched.append((first, last))
        return CONTENT[first : last + 1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "BLOCK", block)
        ours, plain = io.BufferedReader(RangeReader(fetch, len(CONTENT)), 64), io.BytesIO(CONTENT)
        for whence, offset, length in steps:
            start = {0: 0, 1: plain.tell(), 2: len(CONTENT)}[whence]
            if start + offset < 0:
                with pytest.raises(OSError, match="before the beginning"):
                    ours.seek(offset, whence)
                ours.seek(plain.tell())
                continue
            assert ours.seek(offset, whence) == plain.seek(offset, whence)
            assert ours.read(length) == plain.read(length)
            assert ours.tell() == plain.tell()
    assert all(last - first < block and last < len(CONTENT) for first, last in fetched)


def test_no_more_than_four_blocks_are_held_and_none_is_fetched_twice_in_a_row() -> None:
    fetched: list[int] = []
    size = 10 * ranges.BLOCK

    def fetch(first: int, last: int) -> bytes:
        fetched.append(first // ranges.BLOCK)
        return bytes(last - first + 1)

    reader = RangeReader(fetch, size)
    with io.BufferedReader(reader) as file:
        while file.read(1_000_000):
            assert len(reader._blocks) <= 4
        assert fetched == list(range(10))


def test_a_part_that_comes_incomplete_is_an_error() -> None:
    with (
        io.BufferedReader(RangeReader(lambda *_: b"x", 10)) as file,
        pytest.raises(OSError, match="incomplete"),
    ):
        file.read()
