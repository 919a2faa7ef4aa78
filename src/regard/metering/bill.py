"""A bill: the usage of some months by a price list, line by line and row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from regard.metering.prices import Charge, PriceList, joined
from regard.metering.units import STORED
from regard.metering.usage import UsageSum

VectorHours = Mapping[str, tuple[int, int]]
"""By collection: faces × hours, and users × hours."""


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """What was used in a month, or in a part of it.

    `month` is the month's beginning in ms since the epoch, `hours` how many it has in all. `rows` are sums by
    whatever was asked for. `stored` is of all collections; `has_stored_rows` says that rows are collections.
    """

    month: int
    hours: int
    rows: Sequence[UsageSum]
    stored: VectorHours
    has_stored_rows: bool = False

    def vector_months(self, collection: str | None = None) -> Decimal:
        """Vectors by the share of the month that they were stored; of one collection or of all."""
        counts = [hours for name, hours in self.stored.items() if collection in (None, name)]
        return Decimal(sum(map(sum, counts))) / self.hours

    def counted(self) -> dict[str, int | Decimal]:
        """How much of each unit."""
        sums: Counter[str] = Counter()
        for row in self.rows:
            sums.update(row.sums)
        return {**sums, STORED: self.vector_months()}


@dataclass(frozen=True, slots=True)
class BillRow:
    """What one key, operation, collection, … has used, and its share of the cost."""

    name: str
    sums: Mapping[str, int]
    cost: Decimal


@dataclass(frozen=True, slots=True)
class UsageBill:
    """The usage of some months, with its cost where there is a price list."""

    rows: Sequence[BillRow]
    total: Mapping[str, int]
    face_hours: int
    user_hours: int
    charges: Sequence[Charge]

    @property
    def cost(self) -> Decimal:
        """Of all charges."""
        return sum((one.cost for one in self.charges), Decimal(0))


def price(months: Sequence[MonthlyUsage], prices: PriceList | None, *, beginning: int | None) -> UsageBill:
    """The bill of some months. `beginning` is the account's first hour, from which free months are counted.

    Tiers and free units are a month's as a whole: a row's cost is the share of each line's cost that its
    units have of the line's.
    """
    sums: dict[str, Counter[str]] = {}
    costs: dict[str, Decimal] = {}
    total: Counter[str] = Counter()
    bills: list[list[Charge]] = []
    for month in months:
        charges = (
            [] if prices is None else prices.charges(month.counted(), month=_months_after(beginning, month))
        )
        bills.append(charges)
        named = {row.name: row.sums for row in month.rows}
        if month.has_stored_rows:
            named = {name: {} for name in month.stored} | named
        for name, counts in named.items():
            sums.setdefault(name, Counter()).update(counts)
            total.update(counts)
            if prices is not None:
                stored = month.vector_months(name) if month.has_stored_rows else Decimal(0)
                costs[name] = costs.get(name, Decimal(0)) + _share(
                    prices, charges, {**counts, STORED: stored}
                )
    hours = [of_one for month in months for of_one in month.stored.values()]
    return UsageBill(
        rows=[BillRow(name, dict(sums[name]), costs.get(name, Decimal(0))) for name in sorted(sums)],
        total=dict(total),
        face_hours=sum(faces for faces, _ in hours),
        user_hours=sum(users for _, users in hours),
        charges=joined(bills),
    )


def _share(prices: PriceList, charges: Sequence[Charge], counts: Mapping[str, int | Decimal]) -> Decimal:
    shares = (
        charge.cost * meter.quantity(counts) / charge.quantity
        for meter, charge in zip(prices.meters, charges, strict=True)
        if charge.quantity
    )
    return sum(shares, Decimal(0))


def _months_after(beginning: int | None, month: MonthlyUsage) -> int:
    if beginning is None:
        return 0
    first, this = (datetime.fromtimestamp(at / 1000, UTC) for at in (beginning, month.month))
    return 12 * (this.year - first.year) + this.month - first.month
