"""Pagination tokens: where a listing goes on, bound to the listing that it was given for."""

from __future__ import annotations

import base64
import binascii
import json

from regard.errors import InvalidPaginationTokenException


def make_token(listing: str, after: int) -> str:
    """A token for what lies behind row `after`; short, since clients may send 255 characters at most."""
    return base64.urlsafe_b64encode(json.dumps([listing, after]).encode()).decode()


def read_token(listing: str, token: str | None) -> int:
    """The row behind which the listing goes on, 0 at its beginning.

    Raises InvalidPaginationTokenException for a token that this listing did not give.
    """
    if token is None:
        return 0
    try:
        of, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidPaginationTokenException from error
    if of != listing or type(after) is not int or not 0 <= after < 2**63:
        raise InvalidPaginationTokenException
    return after
