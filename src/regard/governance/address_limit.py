"""How often one address may ask for what is not signed."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from regard.errors import AccessDeniedException, ThrottlingException

_ADDRESSES: Final = 10_000  # remembered; whoever has more of them has more than any limit an address
_MINUTE: Final = 60.0
_PREFIX: Final = 64  # of an IPv6 address: what one subscriber is given


class AddressLimit:
    """A bucket of requests for each address, which fills again evenly. Thread-safe."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """With 0 a minute nobody is let in."""
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests, and when that was
        self._lock = threading.Lock()

    def admit(self, address: str) -> None:
        """Takes a request of an address. Raises ThrottlingException where it has none left, and
        AccessDeniedException where nobody has any.
        """
        if not self._per_minute:
            raise AccessDeniedException("This server answers nothing without a signature.")
        network, now = network_of(address), self._clock()
        with self._lock:
            left, before = self._left.pop(network, (float(self._per_minute), now))
            left = min(self._per_minute, left + (now - before) * self._per_minute / _MINUTE)
            is_admitted = left >= 1
            self._left[network] = (left - is_admitted, now)
            if len(self._left) > _ADDRESSES:
                self._left.popitem(last=False)
        if not is_admitted:
            raise ThrottlingException(
                f"An address may ask {self._per_minute} times a minute without a signature. Try again later."
            )


def network_of(address: str) -> str:
    """The address, or of IPv6 the network that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address  # of a socket that has none, such as a Unix one
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed), _PREFIX), strict=False))
    return str(parsed)
