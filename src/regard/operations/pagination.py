"""Pagination tokens: where a listing goes on, bound to the listing that it was given for."""

from __future__ import annotations

import base64
import binascii
import json

from regard.errors import InvalidPaginationTokenException


def make_token(listing: str, after: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps([listing, after]).encode()).decode()


def read_token(listing: str, token: str | None) -> str | int | None:
    """Where the listing goes on, or None at its beginning.

    Raises InvalidPaginationTokenException for a token that this listing did not give.
    """
    if token is None:
        return None
    try:
        of, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidPaginationTokenException from error
    if of != listing or not isinstance(after, str | int):
        raise InvalidPaginationTokenException
    return after


def read_row_token(listing: str, token: str | None) -> int:
    """The same for listings by row: 0 at the beginning."""
    after = read_token(listing, token)
    if after is None:
        return 0
    if not isinstance(after, int) or not 0 <= after < 2**63:
        raise InvalidPaginationTokenException
    return after
