"""Tokens of listings."""

from __future__ import annotations

import pytest

from regard.errors import InvalidPaginationTokenException
from regard.operations.inputs.pagination import make_token, read_token


def test_the_token_of_a_listing_with_a_long_name_is_short_enough_to_send() -> None:
    listing = f"consents {'c' * 255} {'s' * 255}"
    token = make_token(listing, 2**62)
    assert len(token) <= 255
    assert read_token(listing, token) == 2**62
    with pytest.raises(InvalidPaginationTokenException):
        read_token(f"{listing}s", token)
