"""What may be spent at the service that is compared with, and what was."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal

from regard.metering.prices import PriceList


class ShadowBudget:
    """Money of a price list, up to a limit. Threads may share it.

    A request costs what the list's first tier says, as if nothing were free: what is spent is never more
    than this says.
    """

    def __init__(self, prices: PriceList, limit: Decimal, spent: Decimal = Decimal(0)) -> None:
        self.limit = limit
        self.currency = prices.currency
        self._prices = {
            unit: meter.tiers[0].price / meter.per / meter.of
            for meter in prices.meters
            for unit in meter.units
        }
        self._spent = spent
        self._lock = threading.Lock()

    @property
    def spent(self) -> Decimal:
        return self._spent

    def take(self, units: Mapping[str, int]) -> Decimal | None:
        """What so many units cost, which is spent from then on; None where the limit doesn't allow it.

        Units without a price cost nothing at AWS.
        """
        cost = sum(
            (self._prices.get(unit, Decimal(0)) * amount for unit, amount in units.items()), Decimal(0)
        )
        with self._lock:
            if self._spent + cost > self.limit:
                return None
            self._spent += cost
            return cost
