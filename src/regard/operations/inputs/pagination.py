"""Pagination tokens: where a listing goes on, bound to the listing that it was given for.

An empty token stands for the beginning, as no token does: the loops of AWS's guide begin with one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from regard.errors import InvalidPaginationTokenException
from regard.jobs.records import Job
from regard.storage.clock import milliseconds

_JOB_TOKEN_MILLISECONDS = 24 * 60 * 60 * 1000
_SEAL_BYTES = 16
_NAMED = 64  # characters of a listing that tokens hold

T = TypeVar("T")
P = TypeVar("P", int, str)


def make_token(listing: str, after: int) -> str:
    """A token for what lies behind row `after`; short, since clients may send 255 characters at most."""
    return _write([_short(listing), after])


def read_token(listing: str, token: str | None) -> int:
    """The row behind which the listing goes on, 0 at its beginning.

    Raises InvalidPaginationTokenException for a token that this listing did not give.
    """
    if not token:
        return 0
    after = _read(listing, token, int)
    if not 0 <= after < 2**63:
        raise InvalidPaginationTokenException
    return after


def _short(listing: str) -> str:
    """A listing's name as tokens have it: a digest of a long one, such as a person's in a collection."""
    return listing if len(listing) <= _NAMED else hashlib.sha256(listing.encode()).hexdigest()


def page_of(
    listing: str, numbered: Iterable[tuple[int, T]], request: Mapping[str, Any], max_results: int
) -> tuple[list[T], dict[str, str]]:
    """The page that a request asks for of what is held whole, and the NextToken of the next; {} at the end.

    The numbers rise and stay with what they number, so that a page goes on where the one before ended,
    whatever was added or removed meanwhile. Raises InvalidPaginationTokenException.
    """
    after = read_token(listing, request.get("NextToken"))
    limit = request.get("MaxResults", max_results)
    behind = [(number, one) for number, one in numbered if number > after]
    token = {"NextToken": make_token(listing, behind[limit - 1][0])} if len(behind) > limit else {}
    return [one for _, one in behind[:limit]], token


def named_page_of(
    listing: str, named: Iterable[tuple[str, T]], request: Mapping[str, Any], max_results: int
) -> tuple[list[T], dict[str, str]]:
    """The same of what has names, 128 characters at most, and is sorted by them.

    Raises InvalidPaginationTokenException.
    """
    token, limit = request.get("NextToken"), request.get("MaxResults", max_results)
    after = _read(listing, token, str) if token else ""
    behind = [(name, one) for name, one in named if name > after]
    following = {"NextToken": _write([_short(listing), behind[limit - 1][0]])} if len(behind) > limit else {}
    return [one for _, one in behind[:limit]], following


def make_job_token(job: Job, order: str, after: int) -> str:
    """A token for a job's results behind the item `after`, in that order; good for a day."""
    body = json.dumps([order, after, milliseconds() + _JOB_TOKEN_MILLISECONDS]).encode()
    return base64.urlsafe_b64encode(_sealed(job, body) + body).decode()


def read_job_token(job: Job, order: str, token: str | None) -> int | None:
    """The item behind which a job's results go on, None at their beginning.

    Raises InvalidPaginationTokenException for a token that is another job's or order's, is older than a day,
    or was not given by Regard.
    """
    if not token:
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPaginationTokenException from error
    seal, body = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _sealed(job, body)):
        raise InvalidPaginationTokenException
    of, after, until = json.loads(body)
    if of != order or until <= milliseconds():
        raise InvalidPaginationTokenException
    return int(after)


def _write(content: list[str | int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read(listing: str, token: str, kind: type[P]) -> P:
    """Where a listing goes on by a token: a value of that type exactly."""
    try:
        of, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidPaginationTokenException from error
    if of != _short(listing) or type(after) is not kind:
        raise InvalidPaginationTokenException
    return after


def _sealed(job: Job, body: bytes) -> bytes:
    return hmac.digest(job.seal.encode(), body, "sha256")[:_SEAL_BYTES]
