"""An address may only ask so often for what is not signed."""

from __future__ import annotations

import pytest

from regard.errors import AccessDeniedException, ThrottlingException
from regard.governance.address_limit import AddressLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def admitted(limit: AddressLimit, address: str) -> int:
    """How many requests of an address are let in before one is not."""
    for count in range(1000):
        try:
            limit.admit(address)
        except ThrottlingException:
            return count
    return 1000


def test_an_address_has_so_many_requests_and_gets_them_back_evenly() -> None:
    clock = Clock()
    limit = AddressLimit(6, clock=clock)
    assert admitted(limit, "192.0.2.1") == 6
    clock.now = 10.0
    assert admitted(limit, "192.0.2.1") == 1
    clock.now = 1000.0
    assert admitted(limit, "192.0.2.1") == 6


def test_addresses_do_not_share_a_limit_but_those_of_one_subscriber_do() -> None:
    limit = AddressLimit(4, clock=Clock())
    assert admitted(limit, "192.0.2.1") == 4
    assert admitted(limit, "192.0.2.2") == 4
    assert admitted(limit, "2001:db8:1:2::1") == 4
    assert admitted(limit, "2001:db8:1:2:ffff::9") == 0
    assert admitted(limit, "2001:db8:1:3::1") == 4
    assert admitted(limit, "::ffff:192.0.2.1") == 0
    assert admitted(limit, "") == 4


def test_however_many_addresses_ask_memory_does_not_grow() -> None:
    limit = AddressLimit(1, clock=Clock())
    for number in range(20_000):
        limit.admit(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limit._left) == 10_000


def test_a_server_may_answer_nothing_that_is_not_signed() -> None:
    with pytest.raises(AccessDeniedException, match="nothing without a signature"):
        AddressLimit(0).admit("192.0.2.1")
